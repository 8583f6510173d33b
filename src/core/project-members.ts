import type { Db } from "../db/db.ts";
import { PolarisError } from "../wire/error.ts";
import type { Page, ProjectMember } from "../wire/session.ts";
import { by, note } from "./audit.ts";
import type { Caller } from "./caller.ts";
import { MOST, pageOf, readCursor, type Wish } from "./cursor.ts";
import { get, manage } from "./projects.ts";

/** Who belongs to the project, by name. People who left the organisation are not among them. */
export async function list(
  db: Db,
  caller: Caller,
  slug: string,
  { archived = false, limit = MOST, cursor }: Wish & { archived?: boolean } = {},
): Promise<Page<ProjectMember>> {
  const [after = ""] = cursor ? readCursor(cursor, 1) : [];
  const project = await get(db, caller, slug, { archived });
  const rows = await db.as(
    caller.org,
    (tx) => tx<{ participant: string; name: string; added_by: string; added_at: Date }[]>`
      select n.participant, u.name, m.added_by, m.added_at
      from project_members m
      join participants n on n.org_id = m.org_id and n.user_id = m.user_id
      join memberships o on o.org_id = m.org_id and o.user_id = m.user_id and o.removed_at is null
      join users u on u.id = m.user_id
      where m.org_id = ${caller.org} and m.project_id = ${project.id} and n.participant > ${after}
      order by n.participant limit ${limit + 1}`,
  );
  const memberOf = (row: (typeof rows)[number]): ProjectMember => ({
    participant: row.participant,
    name: row.name,
    addedBy: row.added_by,
    addedAt: row.added_at.toISOString(),
  });
  return pageOf(rows, limit, ({ participant }) => [participant], memberOf);
}

/** Takes a member of the organisation in; true unless they were there. */
export function add(db: Db, caller: Caller, slug: string, participant: string): Promise<boolean> {
  return db.as(caller.org, async (tx) => {
    const { id } = await manage(tx, caller, slug);
    const [person] = await tx<{ user_id: string }[]>`
      select n.user_id from participants n
      join memberships o on o.org_id = n.org_id and o.user_id = n.user_id and o.removed_at is null
      where n.org_id = ${caller.org} and n.participant = ${participant}`;
    if (!person) throw nobody(participant);
    const made = await tx`
      insert into project_members (project_id, org_id, user_id, added_by)
      values (${id}, ${caller.org}, ${person.user_id}, ${caller.participant})
      on conflict do nothing returning user_id`;
    if (made.length > 0) await note(tx, act(caller, "project.member_added", slug, participant));
    return made.length > 0;
  });
}

/** Takes them out again, also who left the organisation meanwhile; true when they were there. */
export function remove(
  db: Db,
  caller: Caller,
  slug: string,
  participant: string,
): Promise<boolean> {
  return db.as(caller.org, async (tx) => {
    const { id } = await manage(tx, caller, slug);
    const gone = await tx`
      delete from project_members m using participants n
      where m.project_id = ${id} and m.org_id = ${caller.org}
        and n.org_id = m.org_id and n.user_id = m.user_id and n.participant = ${participant}
      returning m.user_id`;
    if (gone.length > 0) await note(tx, act(caller, "project.member_removed", slug, participant));
    return gone.length > 0;
  });
}

const act = (caller: Caller, action: string, target: string, member: string) => ({
  ...by(caller),
  action,
  target,
  detail: { member },
});

const nobody = (participant: string): PolarisError =>
  new PolarisError("not_found", `There is no member "${participant}" in this organisation.`, {
    hint: "Invite them first; their name is shown under Members.",
  });
