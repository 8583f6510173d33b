import { type Db, isAway as isDatabaseAway, type Tx } from "../db/db.ts";
import type { StoredEvent } from "../wire/event.ts";
import { columns, type EventRow, storedOf } from "./history.ts";

/** A project as what speaks of it in Slack sees it. */
export interface Mirrored {
  org: string;
  team: string;
  project: string;
  slug: string;
  name: string;
  /** The organisation's wishes, and the project's own over them. */
  settings: Record<string, unknown>;
  /** Only its members see it: nothing of it stands in a channel that we make. */
  isPrivate: boolean;
}

export type Render = (tx: Tx, project: Mirrored, events: StoredEvent[]) => Promise<void>;

/** Projects of an organisation with events that have not been mirrored. */
export async function behind(db: Db, org: string): Promise<string[]> {
  const rows = await db.as(
    org,
    (tx) => tx<{ id: string }[]>`
      select p.id from projects p
      left join slack_cursors c on c.project_id = p.id
      left join slack_channels h on h.project_id = p.id and h.session_id is null and h.removed_at is null
      where p.org_id = ${org} and p.archived_at is null and p.last_seq > coalesce(c.seq, 0)
        and (h.id is null or h.state in ('wanted', 'live'))`,
  );
  return rows.map(({ id }) => id);
}

/**
 * Takes the next events of a project to Slack: what `render` asks for and the cursor's step are one transaction, so that
 * a crash anywhere repeats nothing and forgets nothing. Answers whether there may be more. A project whose channel was
 * archived or lost waits where it is. A private project is told only in a channel that an admin linked, and so chose its
 * readers: a channel of ours would show it to the whole workspace. What happens before that stays untold.
 */
export async function step(
  db: Db,
  { org, team, project }: { org: string; team: string; project: string },
  render: Render,
  limit: number,
): Promise<{ more: boolean; moved: boolean }> {
  return db.as(org, async (tx) => {
    await tx`
      insert into slack_cursors (project_id, org_id, seq) values (${project}, ${org}, 0) on conflict do nothing`;
    const [cursor] = await tx<{ seq: string }[]>`
      select seq from slack_cursors where project_id = ${project} for update`;
    const [row] = await tx<Row[]>`
      select p.slug, p.name, p.last_seq, i.settings as org_settings, h.settings, h.state, p.visibility,
        coalesce(h.is_linked or h.is_private, false) as is_chosen
      from projects p
      join slack_installations i on i.org_id = p.org_id and i.removed_at is null and i.state = 'live'
      left join slack_channels h on h.project_id = p.id and h.session_id is null and h.removed_at is null
      where p.id = ${project} and p.archived_at is null`;
    const from = Number(cursor?.seq ?? 0);
    const waits = row?.state && !["wanted", "live"].includes(row.state);
    if (!row || waits || Number(row.last_seq) <= from) return { more: false, moved: false };
    const isPrivate = row.visibility === "private";
    if (isPrivate && !row.is_chosen) {
      await tx`update slack_cursors set seq = ${row.last_seq} where project_id = ${project}`;
      return { more: false, moved: false };
    }
    const rows = await tx<EventRow[]>`
      select ${columns(tx)} from events e join sessions s on s.id = e.session_id
      where e.project_id = ${project} and e.seq > ${from} order by e.seq limit ${limit}`;
    const events = rows.map((event) => storedOf(event, true));
    const last = events.at(-1);
    if (!last) return { more: false, moved: false };
    const settings = { ...row.org_settings, ...row.settings };
    const { slug, name } = row;
    await render(tx, { org, team, project, slug, name, settings, isPrivate }, events);
    await tx`update slack_cursors set seq = ${last.seq} where project_id = ${project}`;
    return { more: rows.length === limit, moved: true };
  });
}

interface Row {
  slug: string;
  name: string;
  last_seq: string;
  org_settings: Record<string, unknown>;
  settings: Record<string, unknown> | null;
  state: string | null;
  visibility: "org" | "private";
  is_chosen: boolean;
}

/** The database is away: the event is not to blame. */
export const isAway = (error: unknown): boolean => isDatabaseAway(error);

/** Goes past one event that cannot be mirrored, so that those after it are. */
export async function skip(db: Db, org: string, project: string): Promise<void> {
  await db.as(
    org,
    (tx) => tx`update slack_cursors set seq = seq + 1 where project_id = ${project}`,
  );
}

/** A workspace shows what happens from now on, not years of history. */
export async function beginHere(tx: Tx, org: string): Promise<void> {
  await tx`
    insert into slack_cursors (project_id, org_id, seq)
    select id, org_id, last_seq from projects where org_id = ${org}
    on conflict (project_id) do update set seq = excluded.seq`;
}
