import type { Database } from "bun:sqlite";
import type { InjectionRoute } from "../wire/injection.ts";

/** Ways into an agent session that gave no proof: nothing goes there again, unless a sign comes after all. */
export const isDead = (db: Database, agentSession: string, route: InjectionRoute): boolean =>
  db
    .query("select 1 from dead_routes where agent_session = ? and route = ?")
    .get(agentSession, route) !== null;

/** Runs inside `journal.write`. */
export function bury(db: Database, agentSession: string, route: InjectionRoute): void {
  db.query(
    "insert into dead_routes (agent_session, route, at) values (?, ?, ?) on conflict do nothing",
  ).run(agentSession, route, Date.now());
}

/** Runs inside `journal.write`. */
export function revive(
  db: Database,
  agentSession: string | null,
  route: InjectionRoute | null,
): void {
  db.query("delete from dead_routes where agent_session = ? and route = ?").run(
    agentSession,
    route,
  );
}
