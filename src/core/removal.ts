import type { Db, Tx } from "../db/db.ts";
import { PolarisError } from "../wire/error.ts";
import { absent, visible } from "./access.ts";
import { by, note } from "./audit.ts";
import type { Caller } from "./caller.ts";

/** What a deletion takes away, for who is about to. */
export interface Loss {
  sessions: number;
  prompts: number;
  events: number;
  members: number;
  /** When the first of it was recorded. */
  since: string | null;
}

export const loss = (db: Db, caller: Caller, project: string): Promise<Loss> =>
  db.as(caller.org, (tx) => count(tx, project));

async function count(tx: Tx, project: string): Promise<Loss> {
  const [row] = await tx<(Omit<Loss, "since"> & { since: Date | null })[]>`
    select count(*)::int as sessions, coalesce(sum(prompts), 0)::int as prompts, min(created_at) as since,
      (select count(*)::int from events where project_id = ${project}) as events,
      (select count(*)::int from project_members where project_id = ${project}) as members
    from sessions where project_id = ${project}`;
  const { since = null, ...rest } = row ?? { sessions: 0, prompts: 0, events: 0, members: 0 };
  return { ...rest, since: since?.toISOString() ?? null };
}

/**
 * Deletes everything that belongs to the project, for ever, and answers how much it was. `confirm` is the slug, typed
 * once more. The row itself stays as a stone (0009): a machine that is still linked is refused, and keeps what it records.
 */
export function remove(db: Db, caller: Caller, slug: string, confirm: string): Promise<Loss> {
  return db.as(caller.org, async (tx) => {
    const [project] = await tx<{ id: string }[]>`
      select p.id from projects p
      where p.slug = ${slug} and p.deleted_at is null and ${visible(tx, caller)} for no key update`;
    if (!project) throw absent(slug);
    if (confirm !== slug) {
      throw new PolarisError("invalid_input", `Type ${slug} to delete it; nothing was deleted.`, {
        hint: `The field "confirm" must be the project's own name in addresses.`,
      });
    }
    const lost = await count(tx, project.id);
    await empty(tx, project.id);
    await tx`
      update projects set deleted_at = now(), archived_at = now(), name = slug, tags = '{}', last_event_at = null
      where id = ${project.id}`;
    const detail = { ...lost };
    await note(tx, { ...by(caller), action: "project.deleted", target: slug, detail });
    return lost;
  });
}

/**
 * Every table that knows projects by `project_id`, also those that later migrations bring. Some point at others: what
 * still is pointed at is tried again after the rest, the sessions last of all.
 */
async function empty(tx: Tx, project: string): Promise<void> {
  const rows = await tx<{ name: string }[]>`
    select c.table_name as name from information_schema.columns c
    join information_schema.tables t using (table_schema, table_name)
    where c.table_schema = current_schema() and c.column_name = 'project_id' and t.table_type = 'BASE TABLE'
      and has_table_privilege(quote_ident(c.table_schema) || '.' || quote_ident(c.table_name), 'DELETE')
    order by c.table_name = 'sessions', c.table_name = 'events' desc, c.table_name`;
  let left = rows.map(({ name }) => name);
  for (let round = 0; left.length && round < 5; round++) {
    const later: string[] = [];
    for (const name of left) {
      const done = await tx
        .savepoint((inner) => inner`delete from ${inner(name)} where project_id = ${project}`)
        .then(
          () => true,
          (error: unknown) => {
            if (round === 4) throw error;
            return false;
          },
        );
      if (!done) later.push(name);
    }
    left = later;
  }
}
