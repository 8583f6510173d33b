import type { Db } from "../db/db.ts";
import { uuid7 } from "../lib/uuid.ts";
import { PolarisError } from "../wire/error.ts";
import type { Role } from "./caller.ts";
import { admit, type User, userOf } from "./people.ts";
import { hashOf, newSecret, shown } from "./secrets.ts";

const LIFE_MS = { claim: 15 * 60_000, invite: 7 * 24 * 3600_000 };

/** Makes a one-time link's secret: `claim` for the first owner, `invite` for everybody else. */
export async function make(
  db: Db,
  input: { kind: "claim" | "invite"; org: string; role: Role; email?: string; createdBy?: string },
): Promise<string> {
  const secret = newSecret("l");
  const expiresAt = new Date(Date.now() + LIFE_MS[input.kind]);
  await db.as(
    input.org,
    (tx) => tx`
      insert into links (id, kind, org_id, hash, role, email, created_by, expires_at)
      values (${uuid7()}, ${input.kind}, ${input.org}, ${hashOf(secret)}, ${input.role},
        ${input.email?.toLowerCase() ?? null}, ${input.createdBy ?? null}, ${expiresAt})`,
  );
  return secret;
}

export interface Link {
  kind: "claim" | "invite";
  org: string;
  orgName: string;
  role: Role;
  email: string | null;
}

/** What a link is good for, without using it up; undefined when it is used, over, revoked or unknown. */
export async function peek(db: Db, secret: string): Promise<Link | undefined> {
  const hash = hashOf(secret);
  const [row] = await shown(
    db,
    hash,
    (tx) => tx<
      { kind: Link["kind"]; org_id: string; name: string; role: Role; email: string | null }[]
    >`
      select l.kind, l.org_id, o.name, l.role, l.email from links l join orgs o on o.id = l.org_id
      where l.hash = ${hash} and used_at is null and revoked_at is null and expires_at > now()`,
  );
  return (
    row && { kind: row.kind, org: row.org_id, orgName: row.name, role: row.role, email: row.email }
  );
}

/** Uses the link: the person becomes a member with its role. Throws `code_used`. */
export async function use(
  db: Db,
  secret: string,
  person: { email: string; name?: string | undefined },
): Promise<{ org: string; user: User; participant: string; role: Role }> {
  const hash = hashOf(secret);
  const user = await userOf(db, person);
  const [row] = await shown(
    db,
    hash,
    (tx) => tx<{ org_id: string; role: Role; email: string | null }[]>`
      update links set used_at = now(), used_by = ${user.id}
      where hash = ${hash} and used_at is null and revoked_at is null and expires_at > now()
        and (email is null or email = ${user.email})
      returning org_id, role, email`,
  );
  if (!row) {
    throw new PolarisError(
      "code_used",
      "This link was used already, is over, or is for somebody else.",
      {
        hint: "Ask for a new one.",
      },
    );
  }
  const participant = await db.as(row.org_id, (tx) => admit(tx, row.org_id, user, row.role));
  return { org: row.org_id, user, participant, role: row.role };
}
