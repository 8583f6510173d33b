import type { Db, Tx } from "../db/db.ts";
import { PolarisError } from "../wire/error.ts";
import type { Member } from "../wire/org.ts";
import type { Page } from "../wire/session.ts";
import { by, note } from "./audit.ts";
import { type Caller, isAtLeast, type Role } from "./caller.ts";
import { cursorOf, readCursor } from "./cursor.ts";
import { endIn } from "./sign-outs.ts";

/** Members by participant. Addresses are for those who work here: a viewer may be a guest. */
export async function list(
  db: Db,
  caller: Caller,
  { limit, cursor }: { limit: number; cursor?: string | undefined },
): Promise<Page<Member>> {
  const [after = ""] = cursor ? readCursor(cursor, 1) : [];
  const rows = await db.as(
    caller.org,
    (tx) => tx<(Omit<Member, "joinedAt"> & { joined_at: Date })[]>`
      select p.participant, u.name, ${isAtLeast(caller.role, "member") ? tx`u.email` : tx`null`} as email,
        m.role, m.created_at as joined_at
      from memberships m
      join participants p on p.org_id = m.org_id and p.user_id = m.user_id
      join users u on u.id = m.user_id
      where m.org_id = ${caller.org} and m.removed_at is null and p.participant > ${after}
      order by p.participant limit ${limit + 1}`,
  );
  const items = rows.slice(0, limit).map(({ joined_at, ...row }) => ({
    ...row,
    joinedAt: joined_at.toISOString(),
  }));
  const last = items.at(-1);
  return { items, next: rows.length > limit && last ? cursorOf(last.participant) : null };
}

/** What a participant is called; none when they are nobody's. */
export async function nameOf(tx: Tx, org: string, participant: string): Promise<string | null> {
  const [row] = await tx<{ name: string }[]>`
    select u.name from participants p join users u on u.id = p.user_id
    where p.org_id = ${org} and p.participant = ${participant}`;
  return row?.name ?? null;
}

/** Gives a member another role. Owners are made and unmade by owners only, and one always stays. */
export async function setRole(
  db: Db,
  caller: Caller,
  input: { participant: string; role: Role },
): Promise<{ participant: string; role: Role }> {
  const { participant, role } = input;
  return db.as(caller.org, async (tx) => {
    const member = await lock(tx, caller, participant);
    if (member.role === "owner" || role === "owner") demandOwner(caller);
    if (member.role === "owner" && role !== "owner") await demandAnother(tx, caller.org);
    await tx`
      update memberships set role = ${role} where org_id = ${caller.org} and user_id = ${member.user_id}`;
    if (!isAtLeast(role, "admin")) await takeBack(tx, caller.org, participant);
    const detail = { from: member.role, to: role };
    await note(tx, { ...by(caller), action: "member.role_changed", target: participant, detail });
    return { participant, role };
  });
}

/** Ends a membership with everything the member is signed in on here. Name and history stay theirs. */
export async function remove(db: Db, caller: Caller, participant: string): Promise<void> {
  await db.as(caller.org, async (tx) => {
    const member = await lock(tx, caller, participant);
    if (member.role === "owner") demandOwner(caller);
    await end(tx, caller, { ...member, participant });
    const detail = { role: member.role };
    await note(tx, { ...by(caller), action: "member.removed", target: participant, detail });
  });
}

export async function leave(db: Db, caller: Caller): Promise<void> {
  if (caller.kind === "api") {
    throw new PolarisError("forbidden", "A token cannot leave for its person.", {
      hint: "Leave in the dashboard.",
    });
  }
  await db.as(caller.org, async (tx) => {
    const { participant } = caller;
    const member = await lock(tx, caller, participant);
    await end(tx, caller, { ...member, participant });
    await note(tx, { ...by(caller), action: "member.left", target: participant });
  });
}

interface Locked {
  user_id: string;
  role: Role;
}

/** The member, while nobody else changes who belongs here: two owners must not unmake each other at once. */
async function lock(tx: Tx, caller: Caller, participant: string): Promise<Locked> {
  await tx`select from orgs where id = ${caller.org} for update`;
  const [row] = await tx<Locked[]>`
    select m.user_id, m.role from memberships m
    join participants p on p.org_id = m.org_id and p.user_id = m.user_id
    where m.org_id = ${caller.org} and p.participant = ${participant} and m.removed_at is null`;
  if (row) return row;
  throw new PolarisError("not_found", "There is no such member here.", {
    hint: "GET /orgs/members lists them.",
  });
}

async function end(tx: Tx, caller: Caller, member: Locked & { participant: string }) {
  const { org } = caller;
  const { user_id: user, participant } = member;
  if (member.role === "owner") await demandAnother(tx, org);
  await tx`update memberships set removed_at = now() where org_id = ${org} and user_id = ${user}`;
  await tx`delete from project_members where org_id = ${org} and user_id = ${user}`;
  await endIn(tx, org, user);
  await takeBack(tx, org, participant);
}

/** Invitations end with the right to make them: an open one would be a way back in. */
async function takeBack(tx: Tx, org: string, participant: string): Promise<void> {
  await tx`
    update links set revoked_at = now()
    where org_id = ${org} and created_by = ${participant} and used_at is null and revoked_at is null`;
}

function demandOwner(caller: Caller): void {
  if (caller.role === "owner" && caller.kind !== "api") return;
  throw new PolarisError("forbidden", "Only an owner makes and unmakes owners.", {
    hint: "Ask an owner of the organisation.",
  });
}

async function demandAnother(tx: Tx, org: string): Promise<void> {
  const owners = await tx`
    select 1 from memberships where org_id = ${org} and role = 'owner' and removed_at is null limit 2`;
  if (owners.length > 1) return;
  throw new PolarisError("last_owner", "An organisation keeps at least one owner.", {
    hint: "Make somebody else an owner first.",
  });
}
