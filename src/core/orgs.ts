import { randomBytes } from "node:crypto";
import type { Db } from "../db/db.ts";
import { uuid7 } from "../lib/uuid.ts";
import { PolarisError } from "../wire/error.ts";
import type { Membership, Org } from "../wire/org.ts";
import { slugOf } from "../wire/participant.ts";
import type { Page } from "../wire/session.ts";
import { by, note } from "./audit.ts";
import type { Caller } from "./caller.ts";
import { MOST, pageOf, readCursor, type Wish } from "./cursor.ts";
import { openBrowser, revoke } from "./devices.ts";
import { admit, asUser, type User } from "./people.ts";

/** Makes an organisation with this person as its owner. */
export async function create(
  db: Db,
  user: User,
  input: { name: string; address?: string | undefined },
): Promise<Org> {
  const id = uuid7();
  // The random end keeps a slug from telling which names are taken.
  const slug = `${slugOf(input.name, "org").slice(0, 40)}-${randomBytes(3).toString("hex")}`;
  return db.as(id, async (tx) => {
    await tx`insert into orgs (id, slug, name) values (${id}, ${slug}, ${input.name})`;
    const participant = await admit(tx, id, user, "owner");
    const act = { action: "org.created", target: id, detail: { name: input.name } };
    await note(tx, { org: id, actor: participant, ...act, address: input.address });
    return { id, slug, name: input.name };
  });
}

/** The caller's organisations by name; an API token knows only its own. */
export async function list(
  db: Db,
  caller: Caller,
  { limit = MOST, cursor }: Wish = {},
): Promise<Page<Membership>> {
  const [name = null, after = null] = cursor ? readCursor(cursor, 2) : [];
  const own = caller.kind === "browser" ? null : caller.org;
  const rows = await asUser(
    db,
    caller.user,
    (tx) => tx<Omit<Membership, "current">[]>`
      select o.id, o.slug, o.name, m.role from memberships m join orgs o on o.id = m.org_id
      where m.user_id = ${caller.user} and m.removed_at is null
        and (${own}::text is null or o.id = ${own}::text::uuid)
        and (${name}::text is null or (o.name, o.id) > (${name}::text, ${after}::text::uuid))
      order by o.name, o.id limit ${limit + 1}`,
  );
  const keyOf = ({ name, id }: { name: string; id: string }) => [name, id];
  return pageOf(rows, limit, keyOf, (row) => ({ ...row, current: row.id === caller.org }));
}

export async function one(db: Db, id: string): Promise<Org> {
  const [row] = await db.sql<Org[]>`select id, slug, name from orgs where id = ${id}`;
  if (!row) throw notMine();
  return row;
}

export async function rename(db: Db, caller: Caller, org: string, name: string): Promise<Org> {
  if (org !== caller.org) throw notMine();
  return db.as(caller.org, async (tx) => {
    const [row] = await tx<Org[]>`
      update orgs set name = ${name} where id = ${caller.org} returning id, slug, name`;
    if (!row) throw notMine();
    const act = { action: "org.renamed", target: row.id, detail: { name } };
    await note(tx, { ...by(caller), ...act });
    return row;
  });
}

/** Signs the person's browser into another of their organisations; the old session ends. Answers the new secret. */
export async function change(
  db: Db,
  caller: Caller,
  input: { org: string; browser: string },
): Promise<string> {
  if (caller.kind !== "browser") {
    throw new PolarisError("forbidden", "Only a browser goes from one organisation to another.", {
      hint: "Sign the machine in again, or make a token in the other organisation.",
    });
  }
  const isMine = /^[0-9a-f-]{36}$/.test(input.org) && (await isMember(db, caller.user, input.org));
  if (!isMine) throw notMine();
  const { org, browser: name } = input;
  const secret = await openBrowser(db, { org, user: caller.user, name, address: caller.address });
  await revoke(db, caller.org, caller.token);
  return secret;
}

async function isMember(db: Db, user: string, org: string): Promise<boolean> {
  const rows = await asUser(
    db,
    user,
    (tx) => tx`
      select 1 from memberships
      where user_id = ${user} and org_id = ${org}::uuid and removed_at is null`,
  );
  return rows.length > 0;
}

const notMine = (): PolarisError =>
  new PolarisError("not_found", "There is no such organisation among yours.", {
    hint: "GET /orgs lists them.",
  });
