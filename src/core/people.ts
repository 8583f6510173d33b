import type { Db, Tx } from "../db/db.ts";
import { uuid7 } from "../lib/uuid.ts";
import { type Participant, slugOf } from "../wire/participant.ts";
import type { Role } from "./caller.ts";

export interface User {
  id: string;
  email: string;
  name: string;
}

/** Who says that the email is theirs: the maker of the link they came by, the owner's claim, or an issuer. */
export type Proof = "link" | "claim" | "issuer";

/** The person with this email, made on first sight; without a proof the server itself vouches for them. Emails are compared in lower case. */
export async function userOf(
  db: Pick<Db, "sql"> | { sql: Tx },
  wanted: { email: string; name?: string | undefined; proof?: Proof },
): Promise<User> {
  const email = wanted.email.trim().toLowerCase();
  const name = wanted.name?.trim() || (email.split("@")[0] ?? email);
  const [row] = await db.sql<User[]>`
    insert into users (id, email, name, proof) values (${uuid7()}, ${email}, ${name}, ${wanted.proof ?? "claim"})
    on conflict (email) do update set email = excluded.email
    returning id, email, name`;
  if (!row) throw new Error("the user was not made");
  return row;
}

export async function byId(db: Db, id: string): Promise<User> {
  const [row] = await db.sql<User[]>`select id, email, name from users where id = ${id}`;
  if (!row) throw new Error("there is no such user");
  return row;
}

/** One transaction in which row-level security shows a person's own memberships, in whichever organisation. */
export function asUser<T>(db: Db, user: string, work: (tx: Tx) => Promise<T>): Promise<T> {
  return db.sql.begin(async (tx) => {
    const set = tx`select set_config('polaris.user', ${user}, true)`.execute();
    return (await Promise.all([set, work(tx)]))[1];
  });
}

/**
 * Makes the person a member, or brings them back, and answers their name here. The name comes from the email, is
 * unique in the organisation (`user:manu`, `user:manu-2` …) and stays theirs for ever.
 */
export async function admit(tx: Tx, org: string, user: User, role: Role): Promise<Participant> {
  await tx`
    insert into memberships as m (org_id, user_id, role) values (${org}, ${user.id}, ${role})
    on conflict (org_id, user_id) do update set
      role = case when m.removed_at is null then m.role else excluded.role end, removed_at = null`;
  const base = `user:${slugOf(user.email.split("@")[0] ?? "")}`;
  for (let attempt = 1; attempt < 1000; attempt++) {
    const participant = attempt === 1 ? base : `${base}-${attempt}`;
    await tx`
      insert into participants (org_id, participant, user_id) values (${org}, ${participant}, ${user.id})
      on conflict do nothing`;
    const [row] = await tx<{ participant: string }[]>`
      select participant from participants where org_id = ${org} and user_id = ${user.id}`;
    if (row) return row.participant;
  }
  throw new Error(`no free name like ${base}`);
}

/** The organisation of a fresh server, made once; its first owner comes in through the claim link. */
export async function homeOrg(db: Db): Promise<string> {
  await db.sql`
    insert into orgs (id, slug, name) values (${uuid7()}, 'home', 'Home') on conflict (slug) do nothing`;
  const [row] = await db.sql<{ id: string }[]>`select id from orgs where slug = 'home'`;
  if (!row) throw new Error("the first organisation was not made");
  return row.id;
}

export async function hasOwner(db: Db, org: string): Promise<boolean> {
  const rows = await db.as(
    org,
    (tx) => tx`
      select 1 from memberships where org_id = ${org} and role = 'owner' and removed_at is null limit 1`,
  );
  return rows.length > 0;
}
