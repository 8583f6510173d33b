/**
 * What a verified person finds. An identity (issuer and subject) is who they are; the email joins them to an account
 * once. Then, in this order: the link they came by, a domain that lets them in, an organisation they belong to, and
 * where the server allows it, a new one. Whoever has none of these leaves no trace.
 */
import type { Db } from "../db/db.ts";
import { PolarisError } from "../wire/error.ts";
import { note } from "./audit.ts";
import type { Role } from "./caller.ts";
import * as domains from "./domains.ts";
import * as links from "./links.ts";
import { admit, asUser, type User, userOf } from "./people.ts";
import { endAll } from "./sign-outs.ts";

/** What an issuer said of somebody, checked. */
export interface Verified {
  issuer: string;
  subject: string;
  email: string;
  name?: string | undefined;
}

/** Who may make an organisation without being asked in: nobody, people of some domains, or everybody. */
export type SignUp = "invited" | "open" | readonly string[];

export interface Arrival {
  user: User;
  /** null: they belong nowhere yet and may make an organisation. */
  org: string | null;
}

export async function arrive(
  db: Db,
  who: Verified,
  options: {
    link: Buffer | null;
    signUp: SignUp;
    /** The account this browser is signed in as already. */
    session?: string | undefined;
    address?: string | undefined;
  },
): Promise<Arrival> {
  const found = await known(db, who, options.session);
  const make = async () => {
    const user = found ?? (await userOf(db, { ...who, proof: "issuer" }));
    if (!found) await remember(db, user.id, who);
    return user;
  };
  if (options.link) {
    const holder = { email: who.email, name: who.name, address: options.address };
    const opened = await links.useHash(db, options.link, {
      ...holder,
      user: found?.id,
      isVerified: true,
    });
    if (!found) await remember(db, opened.user.id, who);
    return { user: opened.user, org: opened.org };
  }
  const open = await domains.find(db, who.email);
  if (open && !(found && (await hasBeen(db, found.id, open.org)))) {
    const user = await make();
    await join(db, open, user, options.address);
    return { user, org: open.org };
  }
  const org = found && (await lastOf(db, found.id));
  if (org) return { user: found, org };
  const domain = domains.domainOf(who.email);
  const { signUp } = options;
  if (signUp === "open" || (Array.isArray(signUp) && signUp.includes(domain))) {
    return { user: await make(), org: null };
  }
  throw signUp === "invited" ? notInvited() : wrongDomain();
}

/** The account of this identity; else the one with this email, which is joined to the identity now. */
async function known(db: Db, who: Verified, session?: string): Promise<User | undefined> {
  const [mine] = await db.sql<(User & { disabled: boolean })[]>`
    update identities i set last_used_at = now() from users u
    where i.issuer = ${who.issuer} and i.subject = ${who.subject} and u.id = i.user_id
    returning u.id, u.email, u.name, u.disabled_at is not null as disabled`;
  if (mine?.disabled) throw notInvited();
  if (mine) return mine;
  const [same] = await db.sql<(User & { proof: string; disabled: boolean; taken: boolean })[]>`
    select id, email, name, proof, disabled_at is not null as disabled,
      exists (select from identities i where i.user_id = u.id and i.issuer = ${who.issuer}) as taken
    from users u where email = ${who.email.toLowerCase()}`;
  if (!same) return undefined;
  if (same.disabled) throw notInvited();
  const isMe = session === same.id;
  // Addresses are given to new people; subjects never are. The same address with another subject is somebody else.
  if (same.taken && !isMe) throw otherAccount();
  // Whoever made the link could have opened it too, and would still be signed in as the person who now proves to be it.
  if (same.proof === "link" && !isMe) await endAll(db, same.id);
  await remember(db, same.id, who);
  return same;
}

async function remember(db: Db, user: string, { issuer, subject }: Verified): Promise<void> {
  await db.sql.begin(async (tx) => {
    await tx`
      insert into identities (issuer, subject, user_id) values (${issuer}, ${subject}, ${user})
      on conflict (issuer, subject) do nothing`;
    await tx`update users set proof = 'issuer' where id = ${user} and proof <> 'issuer'`;
  });
}

/** True also for somebody who was removed: a domain does not bring them back. */
const hasBeen = async (db: Db, user: string, org: string): Promise<boolean> => {
  const rows = await asUser(
    db,
    user,
    (tx) => tx`select 1 from memberships where user_id = ${user} and org_id = ${org}`,
  );
  return rows.length > 0;
};

/** The organisation they used last. */
export async function lastOf(db: Db, user: string): Promise<string | undefined> {
  return (await standing(db, user))?.org;
}

const standing = async (db: Db, user: string): Promise<{ org: string; role: Role } | undefined> => {
  const [row] = await asUser(
    db,
    user,
    (tx) => tx<{ org: string; role: Role }[]>`
      select org_id as org, role from memberships where user_id = ${user} and removed_at is null
      order by used_at desc nulls last, created_at desc limit 1`,
  );
  return row;
};

/** Makes a link of the server itself that signs a member in again: for who runs the server and reads its key. */
export async function returnLink(db: Db, email: string): Promise<string> {
  const [user] = await db.sql<User[]>`
    select id, email, name from users where email = ${email} and disabled_at is null`;
  const member = user && (await standing(db, user.id));
  if (member) return links.make(db, { kind: "invite", ...member, email, lifeMs: 15 * 60_000 });
  throw new PolarisError("not_found", "Nobody here has this address.", {
    hint: "Give the address the person came in with.",
  });
}

const join = (db: Db, { org, role, domain }: domains.Open, user: User, address?: string) =>
  db.as(org, async (tx) => {
    const participant = await admit(tx, org, user, role satisfies Role);
    const act = { action: "member.joined", target: participant, detail: { role, domain } };
    await note(tx, { org, actor: participant, ...act, address });
  });

const notInvited = (): PolarisError =>
  new PolarisError("not_invited", "Nobody has asked this address in.", {
    hint: "Ask an owner or admin of the organisation for an invitation, and open the link in it.",
  });

const wrongDomain = (): PolarisError =>
  new PolarisError("wrong_domain", "Addresses of this domain cannot come in by themselves.", {
    hint: "Use your address at work, or ask an owner or admin for an invitation.",
  });

const otherAccount = (): PolarisError =>
  new PolarisError("account_other", "This address was used by another account of this provider.", {
    hint: "Ask whoever runs this server for a sign-in link.",
  });
