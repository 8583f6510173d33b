import type { Database } from "bun:sqlite";
import { statSync } from "node:fs";
import type { Fact } from "../agents/agent.ts";
import { redact } from "../machine/redact.ts";
import type { Event } from "../wire/event.ts";
import type { Bound } from "./bindings.ts";
import { isCall, isCalled, isWithin } from "./calls.ts";
import { append, hasTurn, isTold } from "./events.ts";
import { sessionOf } from "./sessions.ts";
import type { Tail } from "./tails.ts";

/** The agent's last lines reach the file 80–400 ms late (measured), so an end waits for half a second of quiet. */
export const QUIET_MS = 500;
/** An agent that never falls quiet must not hold its turn's end back for ever. */
const QUIET_LIMIT_MS = 3_000;
/** How long the transcript has to tell a fact itself, with and without a transcript to tell it. */
const UNSEEN_MS = 15_000;
const UNSEEN_NO_FILE_MS = 3_000;
/** How long the transcript has to tell the call that a fact is about. */
const CALLED_MS = 2_000;

interface Held {
  n: number;
  /** A fact's `release`; with a colon and the tools where it waits for a call. */
  release: string;
  at: number;
  size: number;
  pos: number;
  json: string;
}

export interface Moment {
  agentSession: string;
  session: string;
  /** The last held row there was when the transcript was read: a later one waits for the next reading. */
  upTo: number;
  /** When the transcript last grew. */
  grownAt: number;
  hasFile: boolean;
  /** Nothing more will be waited for (the session is left). */
  final?: boolean;
}

/** Keeps what a hook said until its rule lets it go. Runs inside `journal.write`. */
export function hold(
  db: Database,
  { agent_session, session, transcript }: Pick<Bound, "agent_session" | "session" | "transcript">,
  facts: Fact[],
): void {
  if (facts.length === 0) return;
  const size = transcript ? (statSync(transcript, { throwIfNoEntry: false })?.size ?? 0) : 0;
  const insert = db.query(
    "insert into held (agent_session, release, at, size, pos, json) values (?, ?, ?, ?, ?, ?)",
  );
  const pos = sessionOf(db, session)?.next_pos ?? 1;
  for (const { event, release, tools = [] } of facts) {
    const rule = release === "called" ? `called:${tools.join()}` : release;
    insert.run(agent_session, rule, Date.now(), size, pos, JSON.stringify(redact(event)));
  }
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

export function lastHeld(db: Database, agentSession: string): number {
  return (
    db
      .query<{ n: number | null }, [string]>("select max(n) as n from held where agent_session = ?")
      .get(agentSession)?.n ?? 0
  );
}

/**
 * Writes down every held fact whose moment has come and drops what the transcript has told by itself. Runs inside
 * `journal.write`. Answers in how many milliseconds the next one is due, undefined when none waits.
 */
export function release(db: Database, moment: Moment): number | undefined {
  const rows = db
    .query<Held, [string]>(
      "select n, release, at, size, pos, json from held where agent_session = ? order by n",
    )
    .all(moment.agentSession);
  const drop = db.query("delete from held where n = ?");
  let next: number | undefined;
  for (const { row, event, wait } of ordered(db, rows, moment)) {
    const told = row.release === "unseen" && isTold(db, moment.session, event, row.pos);
    if (!told && (wait > 0 || row.n > moment.upTo) && !moment.final) {
      next = Math.min(next ?? wait, wait);
      continue;
    }
    if (!told) append(db, moment.session, [event], { promoted: row.release === "unseen" });
    drop.run(row.n);
  }
  return next;
}

interface Due {
  row: Held;
  event: Event;
  wait: number;
}

/**
 * How long each fact still waits, and that an end stands after what it ends: without a transcript an end waits for what
 * was said before it; the session's own end waits for nothing, so what was said before it goes with it. (An answer
 * after the end would open the session again.)
 */
function ordered(db: Database, rows: Held[], moment: Moment): Due[] {
  const due = rows.map((row): Due => {
    const event: Event = JSON.parse(row.json);
    const tools = toolsOf(row);
    const called = tools && isCalled(db, moment.session, { event, tools, since: row.pos });
    return { row, event, wait: called || row.n > moment.upTo ? 0 : dueIn(row, moment) };
  });
  let before = 0;
  for (const one of due) {
    if (one.row.release === "unseen") before = Math.max(before, one.wait);
    else if (one.row.release === "quiet" && !moment.hasFile) one.wait = Math.max(one.wait, before);
  }
  const end = due.findLast(
    ({ row, event }) => event.kind === "session.end" && row.n <= moment.upTo,
  );
  for (const one of due) {
    if (end && one.row.n < end.row.n) one.wait = Math.min(one.wait, end.wait);
  }
  return due;
}

/**
 * Puts what hooks said where it belongs among these lines. What was said `now`: before all of them when the transcript
 * ended here as the hook called, else before the first one that is later. (A hook that was spooled while no daemon ran
 * would otherwise stand behind all that happened since.) The end of a turn: before the prompt of the next one, which
 * may follow faster than any quiet. What is about a call: behind that call. Lines keep their own order, whatever their
 * times. Runs inside `journal.write`.
 */
export function mingle(db: Database, tail: Tail, session: string, lines: Event[]): Event[] {
  const rows = db
    .query<Held, [string]>(
      `select n, release, at, size, pos, json from held
       where agent_session = ? and release <> 'unseen' order by n`,
    )
    .all(tail.agent_session)
    // Only calls are told by a subagent's own file.
    .filter((row) => tail.subagent === null || toolsOf(row));
  if (rows.length === 0) return lines;
  const drop = db.query("delete from held where n = ?");
  const waiting = rows.map((row) => {
    const fact: Event = JSON.parse(row.json);
    return { row, fact, tools: toolsOf(row) };
  });
  const all: Event[] = [];
  for (const line of lines) {
    for (const one of [...waiting]) {
      const { row, fact, tools } = one;
      if (tools ? isWithin(line, fact) : isDue(row, fact, line, all)) take(one);
    }
    all.push(line);
    for (const one of [...waiting]) if (one.tools && isCall(line, one.fact, one.tools)) take(one);
  }
  return all;

  function isDue(row: Held, fact: Event, line: Event, before: Event[]): boolean {
    if (row.release === "now") return !isLater(row, fact, tail, line);
    return isOver(fact, line, before, session);
  }

  function take(one: (typeof waiting)[number]): void {
    all.push(one.fact);
    drop.run(one.row.n);
    waiting.splice(waiting.indexOf(one), 1);
  }

  /** Only the turn's own prompt tells that it has begun: ends of turns that come later wait with theirs. */
  function isOver(fact: Event, line: Event, before: Event[], session: string): boolean {
    if (fact.kind !== "turn.end" || line.kind !== "user.message") return false;
    const { turn } = fact;
    if (!turn || !line.turn || line.parent || turn === line.turn) return false;
    return before.some((event) => event.turn === turn) || hasTurn(db, session, turn);
  }
}

const isLater = (row: Held, fact: Event, tail: Tail, line: Event): boolean =>
  row.size > tail.offset && Date.parse(fact.at) > Date.parse(line.at);

function dueIn(row: Held, { grownAt, hasFile }: Moment): number {
  const now = Date.now();
  // Held by a clock that has been set back since: nobody knows how long, and it must not be as long as that.
  if (row.release === "now" || row.at > now) return 0;
  if (toolsOf(row)) return hasFile ? row.at + CALLED_MS - now : 0;
  if (row.release === "unseen") {
    return row.at + (hasFile ? UNSEEN_MS : UNSEEN_NO_FILE_MS) - now;
  }
  return Math.min(Math.max(row.at, grownAt) + QUIET_MS, row.at + QUIET_LIMIT_MS) - now;
}

/** The tools whose call a fact waits for. */
const toolsOf = ({ release }: Held): string[] | undefined =>
  release.startsWith("called:") ? release.slice("called:".length).split(",") : undefined;
