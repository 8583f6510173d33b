/**
 * One-time links. A link shows that somebody was asked in, not that an email is theirs: whoever made it could open it
 * too. So a link that a person made never signs anybody into an account that exists already; for that, its holder
 * signs in first, or an issuer says who they are. Only links made by the server itself (the claim, `--sign-in`, the
 * demo) are trusted with the address they name.
 */
import type { Db, Tx } from "../db/db.ts";
import { uuid7 } from "../lib/uuid.ts";
import { PolarisError } from "../wire/error.ts";
import { note } from "./audit.ts";
import type { Role } from "./caller.ts";
import { admit, type Proof, type User, userOf } from "./people.ts";
import { hashOf, newSecret, shown } from "./secrets.ts";

const LIFE_MS = { claim: 15 * 60_000, invite: 7 * 24 * 3600_000 };

interface NewLink {
  kind: "claim" | "invite";
  org: string;
  role: Role;
  email?: string | undefined;
  createdBy?: string;
  lifeMs?: number;
}

/** Makes a one-time link's secret: `claim` for the first owner, `invite` for everybody else. */
export const make = async (db: Db, input: NewLink): Promise<string> =>
  (await db.as(input.org, (tx) => write(tx, input))).secret;

/** The same inside a transaction of the organisation. */
export async function write(tx: Tx, input: NewLink) {
  const [id, secret] = [uuid7(), newSecret("l")];
  const expiresAt = new Date(Date.now() + (input.lifeMs ?? LIFE_MS[input.kind]));
  await tx`
    insert into links (id, kind, org_id, hash, role, email, created_by, expires_at)
    values (${id}, ${input.kind}, ${input.org}, ${hashOf(secret)}, ${input.role},
      ${input.email?.toLowerCase() ?? null}, ${input.createdBy ?? null}, ${expiresAt})`;
  return { id, secret, expiresAt };
}

export interface Link {
  kind: "claim" | "invite";
  org: string;
  orgName: string;
  role: Role;
  email: string | null;
  /** null: the server itself. */
  createdBy: string | null;
}

/** What a link is good for, without using it up; undefined when it is used, over, revoked or unknown. */
export async function peek(db: Db, secret: string): Promise<Link | undefined> {
  const hash = hashOf(secret);
  const [row] = await shown(
    db,
    hash,
    (tx) => tx<Link[]>`
      select l.kind, l.org_id as org, o.name as "orgName", l.role, l.email, l.created_by as "createdBy"
      from links l join orgs o on o.id = l.org_id
      where l.hash = ${hash} and used_at is null and revoked_at is null and expires_at > now()`,
  );
  return row;
}

/** Who opens a link. */
export interface Holder {
  email: string;
  name?: string | undefined;
  /** The account they are known to be, by a session or an identity. */
  user?: string | undefined;
  /** Set when an issuer has verified the email just now. */
  isVerified?: boolean;
  address?: string | undefined;
}

interface Row {
  id: string;
  kind: Link["kind"];
  org_id: string;
  role: Role;
  email: string | null;
  created_by: string | null;
}

export interface Opened {
  org: string;
  user: User;
  participant: string;
  role: Role;
}

/** Uses the link: its holder becomes a member with its role. Throws `code_used`, `link_other`, `sign_in_first`. */
export const use = (db: Db, secret: string, holder: Holder): Promise<Opened> =>
  useHash(db, hashOf(secret), holder);

/** One transaction: a refusal leaves the link as it was, and of many that come at once the first wins. */
export function useHash(db: Db, hash: Buffer, holder: Holder): Promise<Opened> {
  const email = holder.email.trim().toLowerCase();
  return shown(db, hash, async (tx) => {
    // The organisation is locked before any of its claim links: two of them end each other.
    await tx`
      select from orgs where id = (select org_id from links where hash = ${hash} and kind = 'claim') for update`;
    const [link] = await tx<Row[]>`
      update links set used_at = now()
      where hash = ${hash} and used_at is null and revoked_at is null and expires_at > now()
      returning id, kind, org_id, role, email, created_by`;
    if (!link) throw used();
    if (link.email && link.email !== email) throw other();
    await tx`select set_config('polaris.org', ${link.org_id}, true)`;
    if (link.kind === "claim") await demandUnclaimed(tx, link.org_id);
    const user = await whoIs(tx, link, { ...holder, email });
    await tx`update links set used_by = ${user.id} where id = ${link.id}`;
    const participant = await admit(tx, link.org_id, user, link.role);
    await note(tx, {
      org: link.org_id,
      actor: participant,
      action: link.kind === "claim" ? "org.claimed" : "member.joined",
      target: participant,
      detail: { role: link.role, link: link.id, by: link.created_by },
      address: holder.address,
    });
    return { org: link.org_id, user, participant, role: link.role };
  });
}

async function whoIs(tx: Tx, link: Row, holder: Holder): Promise<User> {
  const [found] = await tx<(User & { disabled: boolean })[]>`
    select id, email, name, disabled_at is not null as disabled from users
    where case when ${holder.user ?? null}::uuid is null then email = ${holder.email}
      else id = ${holder.user ?? null}::uuid end`;
  if (found?.disabled) throw used();
  const isTrusted = link.created_by === null || holder.isVerified || holder.user !== undefined;
  if (found && !isTrusted) throw signInFirst();
  if (found) return found;
  const proof: Proof = holder.isVerified ? "issuer" : link.kind === "claim" ? "claim" : "link";
  return userOf({ sql: tx }, { email: holder.email, name: holder.name, proof });
}

/** Two claim links may have been printed; the first one opened makes the owner, and ends the others. */
async function demandUnclaimed(tx: Tx, org: string): Promise<void> {
  const owners = await tx`
    select 1 from memberships where org_id = ${org} and role = 'owner' and removed_at is null limit 1`;
  if (owners.length > 0) throw used();
  await tx`
    update links set revoked_at = now()
    where org_id = ${org} and kind = 'claim' and used_at is null and revoked_at is null`;
}

const used = (): PolarisError =>
  new PolarisError("code_used", "This link was used already, is over, or was taken back.", {
    hint: "Ask whoever sent it for a new one.",
  });

const other = (): PolarisError =>
  new PolarisError("link_other", "This link is for another address.", {
    hint: "Use the address that it was made for, or ask for a link of your own.",
  });

const signInFirst = (): PolarisError =>
  new PolarisError("sign_in_first", "This address cannot come in by this link alone.", {
    hint: "If it is yours and you have been here before, sign in and open the link again.",
  });
