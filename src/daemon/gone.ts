import type { Database } from "bun:sqlite";
import { readFileSync, readlinkSync } from "node:fs";
import { uuid7 } from "../lib/uuid.ts";
import type { Event } from "../wire/event.ts";
import type { Bound } from "./bindings.ts";
import { append } from "./events.ts";
import { sessionOf } from "./sessions.ts";

/** How often an agent's process is looked for: killed with SIGKILL it fires no hook and writes no line. */
export const LOOK_MS = 10_000;

/**
 * How it is with an agent's process. `gone` is only what was seen running here, by this recorder or one before it: a
 * number from another machine's or container's table of processes says nothing.
 */
export type Life = { is: "running"; process: string } | { is: "gone" } | { is: "unknown" };

export function lifeOf({ pid, process: seen }: Pick<Bound, "pid" | "process">): Life {
  if (pid === null) return { is: "unknown" };
  const before = seen?.startsWith(`${pid} ${TABLE} `) ? seen : undefined;
  const now = processOf(pid);
  // The number has been given to another process.
  if (before && before !== now) return { is: "gone" };
  return now === undefined ? { is: "unknown" } : { is: "running", process: now };
}

/** Remembers that it runs: it may die while no recorder does. Runs inside `journal.write`. */
export const remember = (db: Database, { agent_session, pid }: Bound, process: string) =>
  db
    .query("update bindings set process = ? where agent_session = ? and pid = ?")
    .run(process, agent_session, pid);

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

/**
 * A running process and no other: numbers come again, so where it began belongs to it (Linux; elsewhere the number must
 * do, and one that came again hides an end). Undefined when it runs no more; a zombie does not.
 */
function processOf(pid: number): string | undefined {
  if (!isRunning(pid)) return undefined;
  if (TABLE === "-") return `${pid} - -`;
  const stat = read(`/proc/${pid}/stat`);
  // The name of the program stands in parentheses and may hold any character.
  const [state, ...rest] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  if (state === undefined || state === "Z" || state === "X") return undefined;
  return `${pid} ${TABLE} ${BOOT} ${rest[STARTED] ?? ""}`;
}

/** `starttime` is the 22nd field, the state the third. */
const STARTED = 22 - 4;
const BOOT = read("/proc/sys/kernel/random/boot_id").trim();
const TABLE = tableOf();

/** Which table of processes this one stands in. */
function tableOf(): string {
  try {
    return readlinkSync("/proc/self/ns/pid");
  } catch {
    return "-";
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
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
