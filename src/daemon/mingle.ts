import type { Database } from "bun:sqlite";
import type { Event } from "../wire/event.ts";
import { isCall, isWithin } from "./calls.ts";
import { hasTurn } from "./events.ts";
import { type Held, toolsOf } from "./held.ts";
import type { Tail } from "./tails.ts";

type Waiting = Pick<Held, "n" | "release" | "size" | "json">;

/**
 * Puts what hooks said where it belongs among these lines. What was said `now`: before all of them when the transcript
 * ended here as the hook called, else before the first one that is later. (A hook that was spooled while no daemon ran
 * would otherwise stand behind all that happened since.) The end of a turn: before the prompt of the next one, which
 * may follow faster than any quiet. What is about a call: behind that call. Lines keep their own order, whatever their
 * times. Runs inside `journal.write`.
 */
export function mingle(db: Database, tail: Tail, session: string, lines: Event[]): Event[] {
  const rows = db
    .query<Waiting, [string]>(
      `select n, release, size, json from held
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
      if (tools ? isWithin(line, fact) : isDue(row, fact, line)) take(one);
    }
    all.push(line);
    for (const one of [...waiting]) if (one.tools && isCall(line, one.fact, one.tools)) take(one);
  }
  return all;

  function isDue(row: Waiting, fact: Event, line: Event): boolean {
    if (row.release === "now") return !isLater(row, fact, tail, line);
    return isOver(fact, line, all, session);
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

const isLater = (row: Waiting, fact: Event, tail: Tail, line: Event): boolean =>
  row.size > tail.offset && Date.parse(fact.at) > Date.parse(line.at);
