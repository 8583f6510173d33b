import type { Database } from "bun:sqlite";
import type { Fact } from "../agents/agent.ts";
import type { Bound } from "./bindings.ts";
import type { Check } from "./check.ts";
import { append, keysOf } from "./events.ts";
import { nextPos } from "./sessions.ts";
import { isRead, sizeOf } from "./tails.ts";

export interface Held {
  n: number;
  /** A fact's `release`; with a colon and the tools where it waits for a call. */
  release: string;
  at: number;
  size: number;
  pos: number;
  json: string;
}

/** Before the tools, in `release`. */
export const CALLED = "called:";
const NO_KEYS = { mark: null, turn: null };

/**
 * Writes down what a hook said, or keeps it until its rule lets it go. Answers whether anything is kept. Runs inside
 * `journal.write`.
 *
 * What is said `now` stands behind all that the transcript holds now. Where all of that is written down already, so is
 * this, at once: most calls then cost one row and no look (measured: half the processor time of a call).
 *
 * What cannot be checked for secrets is neither written nor kept: `check` has noted it.
 */
export function hold(
  db: Database,
  { agent_session, session, transcript }: Pick<Bound, "agent_session" | "session" | "transcript">,
  facts: Fact[],
  check: Check,
  subagents: (transcript: string) => string | undefined,
): boolean {
  const checked = facts.flatMap(({ event, release, tools = [] }) => {
    const clean = check(event);
    const rule = release === "called" ? `${CALLED}${tools.join()}` : release;
    return clean ? [{ event: clean, release: rule }] : [];
  });
  if (checked.length === 0) return false;
  const folder = transcript ? subagents(transcript) : undefined;
  if (checked.every(({ release }) => release === "now") && !waitsNow(db, agent_session)) {
    if (isRead(db, agent_session, folder)) {
      append(
        db,
        session,
        checked.map(({ event }) => event),
      );
      return false;
    }
  }
  const size = transcript ? sizeOf(transcript) : 0;
  const insert = db.query(
    `insert into held (agent_session, release, at, size, pos, mark, turn, json)
     values (?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  const pos = nextPos(db, session) ?? 1;
  for (const { event, release } of checked) {
    const { mark, turn } = release === "unseen" ? keysOf(event) : NO_KEYS;
    const json = JSON.stringify(event);
    insert.run(agent_session, release, Date.now(), size, pos, mark, turn, json);
  }
  return true;
}

/** Whether something that was said before waits for the same. */
function waitsNow(db: Database, agentSession: string): boolean {
  return (
    db
      .query("select 1 from held where agent_session = ? and release = 'now' limit 1")
      .get(agentSession) !== null
  );
}

/** The nearest byte beyond `offset` at which a hook has something to say before the transcript goes on. */
export function nextStop(db: Database, agentSession: string, offset: number): number | undefined {
  const row = db
    .query<{ size: number | null }, [string, number]>(
      "select min(size) as size from held where agent_session = ? and release = 'now' and size > ?",
    )
    .get(agentSession, offset);
  return row?.size ?? undefined;
}

/** The last number there is: what comes later waits for the next reading of the transcript. */
export function lastHeld(db: Database): number {
  return db.query<{ n: number | null }, []>("select max(n) as n from held").get()?.n ?? 0;
}

export function waits(db: Database, agentSession: string): boolean {
  return db.query("select 1 from held where agent_session = ? limit 1").get(agentSession) !== null;
}

/** The tools whose call a fact waits for. */
export const toolsOf = ({ release }: Pick<Held, "release">): string[] | undefined =>
  release.startsWith(CALLED) ? release.slice(CALLED.length).split(",") : undefined;
