import type { Db } from "../db/db.ts";
import { uuid7 } from "../lib/uuid.ts";
import { PolarisError } from "../wire/error.ts";
import type { Page, Project } from "../wire/session.ts";
import type { Caller } from "./caller.ts";
import { cursorOf, readCursor } from "./cursor.ts";

interface Row {
  id: string;
  slug: string;
  name: string;
  visibility: "org" | "private";
  last_seq: string;
  sessions: number;
  created_at: Date;
  last_event_at: Date | null;
}

const projectOf = (row: Row): Project => ({
  id: row.id,
  slug: row.slug,
  name: row.name,
  visibility: row.visibility,
  lastSeq: Number(row.last_seq),
  sessions: row.sessions,
  createdAt: row.created_at.toISOString(),
  lastEventAt: row.last_event_at?.toISOString() ?? null,
});

/** Makes the project, or says that it is there: creating twice is no error, `created` tells which it was. */
export async function create(
  db: Db,
  caller: Caller,
  input: { slug: string; name?: string | undefined },
): Promise<{ project: Project; created: boolean }> {
  const made = await db.as(
    caller.org,
    (tx) => tx`
      insert into projects (id, org_id, slug, name, created_by)
      values (${uuid7()}, ${caller.org}, ${input.slug}, ${input.name ?? input.slug}, ${caller.participant})
      on conflict (org_id, slug) do nothing returning id`,
  );
  return { project: await get(db, caller, input.slug), created: made.length > 0 };
}

/** The project with this slug, inside the caller's access; an absent and a foreign one get the same `not_found`. */
export async function get(db: Db, caller: Caller, slug: string): Promise<Project> {
  const [row] = await db.as(
    caller.org,
    (tx) => tx<Row[]>`
      select id, slug, name, visibility, last_seq, created_at, last_event_at,
        (select count(*)::int from sessions s where s.project_id = p.id) as sessions
      from projects p where org_id = ${caller.org} and slug = ${slug} and archived_at is null`,
  );
  if (!row) throw notFound(slug);
  return projectOf(row);
}

export const notFound = (slug: string): PolarisError =>
  new PolarisError("not_found", `There is no project "${slug}" here.`, {
    hint: "GET /projects lists those you may see; POST /projects makes one.",
  });

/** Projects by slug. */
export async function list(
  db: Db,
  caller: Caller,
  { limit, cursor }: { limit: number; cursor?: string | undefined },
): Promise<Page<Project>> {
  const [after = ""] = cursor ? readCursor(cursor, 1) : [];
  const rows = await db.as(
    caller.org,
    (tx) => tx<Row[]>`
      select id, slug, name, visibility, last_seq, created_at, last_event_at,
        (select count(*)::int from sessions s where s.project_id = p.id) as sessions
      from projects p
      where org_id = ${caller.org} and archived_at is null and slug > ${after}
      order by slug limit ${limit + 1}`,
  );
  const items = rows.slice(0, limit).map(projectOf);
  const last = items.at(-1);
  return { items, next: rows.length > limit && last ? cursorOf(last.slug) : null };
}
