import type { Database } from "bun:sqlite";
import type { HookReading } from "../agents/agent.ts";
import { type Session, sessionOf } from "./sessions.ts";

/**
 * What an agent session that begins here goes on with: the Polaris session that was joined in its directory before any
 * agent ran, or the one whose conversation it is, because it was offered to go on with just that.
 */
const LONGEST_MS = 24 * 3_600_000;

/** The next agent session of this directory. Runs inside `journal.write`. */
export function awaitHere(
  db: Database,
  directory: string,
  { session, brief }: { session: string; brief: string | null },
): void {
  db.query(
    `insert into awaited (directory, session, at, brief) values (?1, ?2, ?3, ?4)
     on conflict (directory) do update set session = ?2, at = ?3, brief = ?4, agent_session = null`,
  ).run(directory, session, Date.now(), brief);
}

/** This agent session, wherever it begins. Runs inside `journal.write`. */
export function awaitAgent(db: Database, agentSession: string, session: string): void {
  db.query("delete from offered where at <= ?").run(Date.now() - LONGEST_MS);
  db.query(
    `insert into offered (agent_session, session, at) values (?1, ?2, ?3)
     on conflict (agent_session) do update set session = ?2, at = ?3`,
  ).run(agentSession, session, Date.now());
}

/** The session goes on elsewhere. Runs inside `journal.write`. */
export function awaitNoMore(db: Database, session: string): void {
  db.query("delete from awaited where session = ? and agent_session is null").run(session);
  db.query("delete from offered where session = ?").run(session);
}

/** What the agent session that begins with this call was awaited for; then it is awaited no more. */
export function awaitedBy(db: Database, reading: HookReading): Session | undefined {
  const { agentSession, start, cwd } = reading;
  if (start !== "startup" && start !== "resume" && start !== "fork") return undefined;
  const since = Date.now() - LONGEST_MS;
  const offered = db
    .query<{ session: string }, [string, number]>(
      "delete from offered where agent_session = ? and at > ? returning session",
    )
    .get(agentSession, since);
  if (offered) {
    // It has the conversation and needs no brief; nor does the next one of that directory go on with it.
    db.query("delete from awaited where session = ? and agent_session is null").run(
      offered.session,
    );
    return sessionOf(db, offered.session);
  }
  if (!cwd) return undefined;
  const row = db
    .query<{ session: string }, [string, string, number]>(
      `update awaited set agent_session = ? where directory = ? and agent_session is null and at > ?
       returning session`,
    )
    .get(agentSession, cwd, since);
  return row ? sessionOf(db, row.session) : undefined;
}
