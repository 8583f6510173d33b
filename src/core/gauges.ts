import type { Db, Tx } from "../db/db.ts";
import { present } from "./sides.ts";

/** How far behind a reader of the log is: events it has not taken, and how long the oldest of them waits. */
export interface Backlog {
  events: number;
  seconds: number;
}

export interface Gauges {
  projects: number;
  sessions: Record<string, number>;
  backlog: Record<"search" | "slack", Backlog>;
  injections: Record<string, number>;
  outbox: { depth: number; seconds: number };
  database: {
    bytes: number;
    connections: number;
    maxConnections: number;
    commits: number;
    rollbacks: number;
    deadlocks: number;
    roundTripSeconds: number;
  };
}

/** What the database says of itself and of what waits in it, over all organisations. */
export async function gauges(db: Db): Promise<Gauges> {
  const found: Gauges = {
    projects: 0,
    sessions: {},
    backlog: { search: { events: 0, seconds: 0 }, slack: { events: 0, seconds: 0 } },
    injections: {},
    outbox: { depth: 0, seconds: 0 },
    database: await database(db),
  };
  const orgs = await db.sql<{ id: string }[]>`select id from orgs`;
  for (const { id } of orgs) await db.as(id, (tx) => add(tx, id, found));
  return found;
}

async function database(db: Db): Promise<Gauges["database"]> {
  const startedAt = performance.now();
  await db.sql`select 1`;
  const roundTripSeconds = (performance.now() - startedAt) / 1000;
  const [row] = await db.sql<Record<string, string>[]>`
    select pg_database_size(datname) as bytes, numbackends as connections, xact_commit as commits,
      xact_rollback as rollbacks, deadlocks, current_setting('max_connections') as max
    from pg_stat_database where datname = current_database()`;
  return {
    bytes: Number(row?.bytes),
    connections: Number(row?.connections),
    maxConnections: Number(row?.max),
    commits: Number(row?.commits),
    rollbacks: Number(row?.rollbacks),
    deadlocks: Number(row?.deadlocks),
    roundTripSeconds,
  };
}

async function add(tx: Tx, org: string, found: Gauges): Promise<void> {
  const tables = await present(tx, ["injections", "slack_outbox", "slack_cursors"]);
  const states = await tx<{ state: string; count: number }[]>`
    select state, count(*)::int as count from sessions where org_id = ${org} group by state`;
  for (const { state, count } of states) {
    found.sessions[state] = (found.sessions[state] ?? 0) + count;
  }
  const [projects] = await tx<{ count: number }[]>`
    select count(*)::int as count from projects where org_id = ${org}`;
  found.projects += projects?.count ?? 0;
  await behind(tx, org, "text_cursors", found.backlog.search);
  if (tables.includes("slack_cursors")) await behind(tx, org, "slack_cursors", found.backlog.slack);
  if (tables.includes("injections")) {
    const rows = await tx<{ state: string; count: number }[]>`
      select state, count(*)::int as count from injections where org_id = ${org} group by state`;
    for (const { state, count } of rows) {
      found.injections[state] = (found.injections[state] ?? 0) + count;
    }
  }
  if (tables.includes("slack_outbox")) {
    const [row] = await tx<{ depth: number; seconds: number }[]>`
      select count(*)::int as depth,
        coalesce(extract(epoch from now() - min(created_at)), 0)::float8 as seconds
      from slack_outbox where org_id = ${org} and state in ('waiting', 'sending')`;
    found.outbox.depth += row?.depth ?? 0;
    found.outbox.seconds = Math.max(found.outbox.seconds, row?.seconds ?? 0);
  }
}

/** By the primary keys alone: the projects' last numbers, the readers' cursors, and the first event after each. */
async function behind(tx: Tx, org: string, cursors: string, backlog: Backlog): Promise<void> {
  const join = cursors === "slack_cursors" ? tx`join` : tx`left join`;
  const [row] = await tx<{ events: string; seconds: number }[]>`
    select coalesce(sum(p.last_seq - coalesce(c.seq, 0)), 0) as events,
      coalesce(max(extract(epoch from now() - (
        select received_at from events e
        where e.project_id = p.id and e.seq > coalesce(c.seq, 0) order by e.seq limit 1))), 0)::float8 as seconds
    from projects p ${join} ${tx(cursors)} c on c.project_id = p.id
    where p.org_id = ${org} and p.last_seq > coalesce(c.seq, 0)`;
  backlog.events += Number(row?.events ?? 0);
  backlog.seconds = Math.max(backlog.seconds, row?.seconds ?? 0);
}
