import type { Db, Tx } from "../db/db.ts";
import { uuid7 } from "../lib/uuid.ts";
import { PolarisError } from "../wire/error.ts";
import type { AdviceSetting, Page, Project, ProjectChange } from "../wire/session.ts";
import { absent, isMember, seen, visible } from "./access.ts";
import { by, note } from "./audit.ts";
import { type Caller, isAtLeast } from "./caller.ts";
import { cursorOf, readCursor } from "./cursor.ts";

interface Row {
  id: string;
  slug: string;
  name: string;
  visibility: "org" | "private";
  advice: AdviceSetting;
  last_seq: string;
  sessions: number;
  created_at: Date;
  last_event_at: Date | null;
  tags: string[];
  retention_days: number | null;
  archived_at: Date | null;
  pull_requests: boolean;
}

const columns = (tx: Tx) => tx`
  p.id, p.slug, p.name, p.visibility, p.advice, p.last_seq, p.created_at, p.last_event_at, p.tags, p.retention_days,
  p.archived_at, p.pull_requests,
  (select count(*)::int from sessions s where s.project_id = p.id) as sessions`;

const projectOf = (row: Row): Project => ({
  id: row.id,
  slug: row.slug,
  name: row.name,
  visibility: row.visibility,
  tags: row.tags,
  retentionDays: row.retention_days,
  archivedAt: row.archived_at?.toISOString() ?? null,
  advice: row.advice,
  pullRequests: row.pull_requests,
  lastSeq: Number(row.last_seq),
  sessions: row.sessions,
  createdAt: row.created_at.toISOString(),
  lastEventAt: row.last_event_at?.toISOString() ?? null,
});

/**
 * Makes the project, or says that it is there: creating twice is no error, `created` tells which it was. Who makes it
 * is its first member. A slug that is taken by a project the caller may not see gets the same answer as `get`.
 */
export async function create(
  db: Db,
  caller: Caller,
  input: { slug: string; name?: string | undefined; visibility?: "org" | "private" | undefined },
  { onPurpose = false } = {},
): Promise<{ project: Project; created: boolean }> {
  const created = await db.as(caller.org, async (tx) => {
    // A deleted project comes back only when somebody says so, never by a machine's next batch.
    if (onPurpose) {
      await tx`
        delete from projects
        where org_id = ${caller.org} and slug = ${input.slug} and deleted_at is not null`;
    }
    return make(tx, caller, input);
  });
  return { project: await get(db, caller, input.slug), created };
}

/** Inside a transaction; true when it was made just now. */
export async function make(
  tx: Tx,
  caller: Caller,
  { slug, name = slug, visibility = "org" }: Parameters<typeof create>[2],
): Promise<boolean> {
  const [made] = await tx<{ id: string }[]>`
    insert into projects (id, org_id, slug, name, visibility, created_by)
    values (${uuid7()}, ${caller.org}, ${slug}, ${name}, ${visibility}, ${caller.participant})
    on conflict (org_id, slug) do nothing returning id`;
  if (!made) return false;
  await tx`
    insert into project_members (project_id, org_id, user_id, added_by)
    values (${made.id}, ${caller.org}, ${caller.user}, ${caller.participant})`;
  return true;
}

/** The project with this slug, inside the caller's access; an absent and a foreign one get the same `not_found`. */
export const get = (
  db: Db,
  caller: Caller,
  slug: string,
  { archived = false } = {},
): Promise<Project> => db.as(caller.org, (tx) => read(tx, caller, slug, archived));

/** Whether the caller may change what is said about it. */
export const mayManage = (db: Db, caller: Caller, slug: string): Promise<boolean> =>
  db.as(caller.org, (tx) =>
    manage(tx, caller, slug, { archived: true }).then(
      () => true,
      () => false,
    ),
  );

async function read(tx: Tx, caller: Caller, slug: string, archived = false): Promise<Project> {
  const [row] = await tx<(Row & { member: boolean })[]>`
    select ${columns(tx)}, ${isMember(tx, caller)} as member
    from projects p where p.slug = ${slug} and p.deleted_at is null and ${visible(tx, caller)}
      ${archived ? tx`` : tx`and p.archived_at is null`}`;
  if (!row) throw absent(slug);
  await seen(tx, caller, row);
  return projectOf(row);
}

/** Changes what is said about it. Its members may, and owners and admins. */
export function change(
  db: Db,
  caller: Caller,
  slug: string,
  wanted: ProjectChange,
): Promise<Project> {
  return db.as(caller.org, async (tx) => {
    const { id } = await manage(tx, caller, slug, { archived: wanted.archived === false });
    const [before] = await tx<Before[]>`
      select name, visibility, advice, tags, retention_days, archived_at is not null as archived
      from projects where id = ${id}`;
    if (!before) throw absent(slug);
    const { name = before.name, visibility = before.visibility, tags = before.tags } = wanted;
    const { advice = before.advice } = wanted;
    const { retentionDays = before.retention_days, archived = before.archived } = wanted;
    await tx`
      update projects set name = ${name}, visibility = ${visibility}, advice = ${advice}, retention_days = ${retentionDays},
        tags = array(select jsonb_array_elements_text(${JSON.stringify(tags)}::text::jsonb)),
        archived_at = case when ${archived} then coalesce(archived_at, now()) end
      where id = ${id}`;
    const act = { ...by(caller), target: slug };
    const changes: [string, unknown, unknown][] = [
      ["project.renamed", before.name, name],
      ["project.visibility", before.visibility, visibility],
      ["project.advice", before.advice, advice],
      ["project.tagged", before.tags.join(", "), tags.join(", ")],
      ["project.retention", before.retention_days, retentionDays],
      [archived ? "project.archived" : "project.restored", before.archived, archived],
    ];
    for (const [action, from, to] of changes) {
      if (from !== to) await note(tx, { ...act, action, detail: { from, to } });
    }
    if (wanted.pullRequests !== undefined) {
      const to = wanted.pullRequests;
      const changed = await tx`
        update projects set pull_requests = ${to} where id = ${id} and pull_requests <> ${to} returning id`;
      if (changed.length > 0) {
        await note(tx, { ...act, action: "project.pull_requests", detail: { to } });
      }
    }
    return read(tx, caller, slug, true);
  });
}

interface Before extends Pick<Row, "name" | "visibility" | "advice" | "tags" | "retention_days"> {
  archived: boolean;
}

/**
 * The project, locked, when the caller may decide who sees it: its members, owners and admins. An API token may only
 * with the scope admin: who gives a script the scope ingest does not mean to let it open a private project.
 */
export async function manage(
  tx: Tx,
  caller: Caller,
  slug: string,
  { archived = false } = {},
): Promise<{ id: string }> {
  const [row] = await tx<{ id: string; member: boolean }[]>`
    select p.id, ${isMember(tx, caller)} as member from projects p
    where p.slug = ${slug} and p.deleted_at is null and ${visible(tx, caller)}
      ${archived ? tx`` : tx`and p.archived_at is null`} for no key update`;
  if (!row) throw absent(slug);
  const trusted = caller.kind !== "api" || caller.scopes.includes("admin");
  if (trusted && (row.member || isAtLeast(caller.role, "admin"))) return row;
  throw new PolarisError(
    "forbidden",
    "Only this project's members and admins decide who sees it.",
    {
      hint: "Ask one of them: GET /projects/:proj/members lists them.",
    },
  );
}

/** Projects by slug: those at work, or those put aside. */
export async function list(
  db: Db,
  caller: Caller,
  {
    limit,
    cursor,
    tag,
    archived = false,
  }: {
    limit: number;
    cursor?: string | undefined;
    tag?: string | undefined;
    archived?: boolean | undefined;
  },
): Promise<Page<Project>> {
  const [after = ""] = cursor ? readCursor(cursor, 1) : [];
  const rows = await db.as(
    caller.org,
    (tx) => tx<Row[]>`
      select ${columns(tx)} from projects p
      where p.deleted_at is null and p.slug > ${after} and ${visible(tx, caller)}
        and ${archived ? tx`p.archived_at is not null` : tx`p.archived_at is null`}
        ${tag === undefined ? tx`` : tx`and p.tags @> array[${tag}::text]`}
      order by p.slug limit ${limit + 1}`,
  );
  const items = rows.slice(0, limit).map(projectOf);
  const last = items.at(-1);
  return { items, next: rows.length > limit && last ? cursorOf(last.slug) : null };
}
