import type { Database } from "bun:sqlite";
import { uuid7 } from "../lib/uuid.ts";
import type { Event } from "../wire/event.ts";
import type { Bound } from "./bindings.ts";
import { append } from "./events.ts";
import { sessionOf } from "./sessions.ts";

/** How often an agent's process is looked for: killed with SIGKILL it fires no hook and writes no line. */
export const LOOK_MS = 10_000;

/**
 * Watches one agent's process. Only one that was seen running can be gone: a number from another machine's or
 * container's table of processes says nothing here.
 */
export function startWatch() {
  let seen: number | undefined;
  return {
    /** Whether this process was seen before and runs no more. */
    isGone(pid: number | null): boolean {
      if (pid === null) return false;
      if (isRunning(pid)) seen = pid;
      else return seen === pid;
      return false;
    },
    get isWatching(): boolean {
      return seen !== undefined;
    },
  };
}

/** Ends a session whose agent died without a word. Runs inside `journal.write`. */
export function bury(db: Database, bound: Bound): void {
  const { changes } = db
    .query(
      "update bindings set state = 'ended' where agent_session = ? and pid = ? and state = 'live'",
    )
    .run(bound.agent_session, bound.pid);
  const session = sessionOf(db, bound.session);
  if (changes === 0 || !session) return;
  const end: Event = {
    id: uuid7(),
    at: new Date().toISOString(),
    sender: session.agent,
    kind: "session.end",
    text: "The agent's process is gone.",
    body: { reason: "killed" },
    source: { agent: "polaris", translator: 1, via: "polaris" },
  };
  append(db, bound.session, [end]);
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Another user's process is one all the same.
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}
