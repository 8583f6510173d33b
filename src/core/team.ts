import type { Db, Tx } from "../db/db.ts";
import type { Session } from "../wire/session.ts";
import type { Setup, Team, TeamProject } from "../wire/team.ts";
import { isMember, visible } from "./access.ts";
import { activity, noActivity } from "./activity.ts";
import type { Caller } from "./caller.ts";
import { faces, type SessionRow, sessionOf } from "./sessions.ts";
import { setup } from "./setup.ts";
import { troubles } from "./slack-troubles.ts";

/** Sessions that something happened in since then are the team's present. */
const WINDOW_MS = 24 * 3600_000;
/** A transaction's clock is that of its beginning: what commits late is still looked for. */
export const LATE_MS = 60_000;
/** More than anybody looks at; the newest of them. */
const MOST = 1500;

/** What one reads: all projects one belongs to, or one that one may see. */
export interface View {
  caller: Caller;
  /** Absent: the whole team. */
  project?: string | undefined;
}

/** Up to which event of each project a reader knows its sessions. */
export type Known = ReadonlyMap<string, number>;

interface Row extends SessionRow {
  project_id: string;
}

export interface Look {
  rows: { project: string; session: Session }[];
  /** With the rest, when it was asked for. */
  around?: { projects: TeamProject[]; setup: Setup };
  /** The database's clock. */
  now: number;
}

/**
 * Sessions that changed after what is known, and with `isWhole` all projects and what else changes rarely. Access is part of the query. The team's page leaves out
 * private projects that an admin may see but does not belong to: such a look is written down, and a page that is open
 * all day is no look at them.
 */
export async function look(
  db: Db,
  view: View,
  known: Known,
  { since, isWhole }: { since?: number | undefined; isWhole: boolean },
): Promise<Look> {
  const { caller, project } = view;
  return db.as(caller.org, async (tx) => {
    const mine = project
      ? tx`p.id = ${project} and ${visible(tx, caller)}`
      : tx`p.org_id = ${caller.org} and (p.visibility = 'org' or ${isMember(tx, caller)})`;
    const [clock] = await tx<{ now: Date }[]>`select now() as now`;
    const now = clock?.now.getTime() ?? Date.now();
    const places = isWhole
      ? await tx<Omit<TeamProject, "hours">[]>`
          select p.id, p.slug, p.name, p.visibility from projects p
          where p.archived_at is null and ${mine} order by p.slug limit 1000`
      : [];
    // Of a project that has just appeared, its older sessions are news as well.
    const isNew = places.some(({ id }) => !known.has(id));
    const from = new Date(since === undefined || isNew ? now - WINDOW_MS : since - LATE_MS);
    const cursors = JSON.stringify([...known].map(([id, seq]) => ({ id, seq })));
    const rows = await tx<Row[]>`
      select s.*, ${faces(tx)}, p.slug from projects p
      left join jsonb_to_recordset(${cursors}::text::jsonb) as c(id uuid, seq bigint) on c.id = p.id
      cross join lateral (
        select s.* from sessions s
        where s.project_id = p.id and coalesce(s.last_event_at, s.created_at) >= ${from}
          and (s.last_seq > coalesce(c.seq, -1) or s.last_seq = 0)
        order by coalesce(s.last_event_at, s.created_at) desc limit ${MOST}) s
      where p.archived_at is null and ${mine}
      order by coalesce(s.last_event_at, s.created_at) desc limit ${MOST}`;
    const found = rows.map((row) => ({ project: row.project_id, session: sessionOf(row) }));
    if (!isWhole) return { rows: found, now };
    const hours = await activity(
      tx,
      caller.org,
      places.map(({ id }) => id),
    );
    const projects = places.map((each) => ({ ...each, hours: hours.get(each.id) ?? noActivity() }));
    return { rows: found, around: { projects, setup: await standing(tx, view) }, now };
  });
}

async function standing(tx: Tx, { caller, project }: View): Promise<Setup> {
  const done = await setup(tx, caller.org);
  const trouble = done.slack === null ? [] : await troubles(tx, caller, project);
  return trouble.length > 0 ? { ...done, trouble } : done;
}

/** The team as it stands: what its page begins with. */
export async function team(db: Db, view: View): Promise<Team> {
  const { rows, around, now } = await look(db, view, new Map(), { isWhole: true });
  const { projects = [], setup: done = NOTHING_DONE } = around ?? {};
  return { sessions: rows.map(({ session }) => session), projects, setup: done, since: now };
}

const NOTHING_DONE: Setup = { machine: false, session: false, slack: null };
