import type { Database } from "bun:sqlite";
import type { Bound } from "./bindings.ts";

/** Where a Polaris session is running on this machine, or last was. */
export function seatOf(db: Database, session: string): Bound | undefined {
  return (
    db
      .query<Bound, [string]>(
        "select * from bindings where session = ? order by state = 'live' desc, at desc limit 1",
      )
      .get(session) ?? undefined
  );
}

/** Whether its agent is at work, by what was written down last. */
export function isTurnOpen(db: Database, session: string): boolean {
  const row = db
    .query<{ kind: string }, [string]>(
      `select kind from events where session = ? and kind in ('user.message', 'agent.message', 'tool.call',
         'tool.result', 'turn.end', 'session.start', 'session.end') order by pos desc limit 1`,
    )
    .get(session);
  return row !== null && !["turn.end", "session.start", "session.end"].includes(row.kind);
}
