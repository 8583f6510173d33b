import type { Database } from "bun:sqlite";
import type { Event } from "../wire/event.ts";
import { INDEXED, isFresh, isKnown, keyOf, learn } from "./ids.ts";
import { nextPos } from "./sessions.ts";

/** How far back a hook's fact and a transcript's line look for each other. */
const REACH = 500;
const MINUTE = 60_000;

interface Place {
  /** The fact came from a hook and the transcript may still tell it under another id. */
  promoted?: boolean;
}

/**
 * Writes events to the end of a session; what is there already (by id) is left as it is and gets no new position.
 * Runs inside `journal.write`. Answers how many were new.
 */
export function append(
  db: Database,
  session: string,
  events: Event[],
  { promoted = false }: Place = {},
): number {
  if (events.length === 0) return 0;
  const first = nextPos(db, session);
  if (first === undefined) return 0;
  const insert = db.query(
    `insert into events (id, session, pos, kind, turn, mark, via, pair, at, written, bytes, json)
     select ?1, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13 where not ${INDEXED}`,
  );
  const written = Date.now();
  let pos = first;
  for (const event of events) {
    if (isFresh(db, event.id)) continue;
    if (isTelling(event) && meets(db, session, event)) continue;
    const json = JSON.stringify(event);
    const { changes } = insert.run(
      event.id.toLowerCase(),
      keyOf(event.id),
      session,
      pos,
      event.kind,
      event.turn ?? null,
      markOf(event),
      event.source.via,
      promoted ? 1 : 0,
      Date.parse(event.at),
      written,
      Buffer.byteLength(json),
      json,
    );
    if (changes === 0) continue;
    learn(db, event.id);
    pos++;
  }
  if (pos === first) return 0;
  db.query("update sessions set next_pos = ? where id = ?").run(pos, session);
  return pos - first;
}

/** Off the record: these will never be events, whichever way they come again. Runs inside `journal.write`. */
export function forgo(db: Database, events: Pick<Event, "id">[]): void {
  const insert = db.query("insert into unwritten (id) values (?) on conflict do nothing");
  for (const { id } of events) insert.run(id.toLowerCase());
}

const isTelling = ({ source }: Event) => source.via === "transcript" || source.via === "import";

/**
 * Whether the transcript has told this fact of a hook itself; then the telling is taken, once. `since` is where the
 * session stood when the hook called: all that came after counts, however much it is (a recorder that was away for an
 * hour reads thousands of lines at once), and a little of what came before, because a hook may be late.
 */
export function isTold(db: Database, session: string, fact: Event, since: number): boolean {
  const rows = db
    .query<Seen, [string, string, number]>(
      `select n, kind, turn, mark, at from events
       where session = ?1 and pos >= ?3 and kind = ?2 and via = 'transcript' and pair = 0 order by pos desc`,
    )
    .all(session, fact.kind, reachOf(since));
  return take(db, rows, fact);
}

/** From which position on a fact may have been told that was heard when the session stood at `pos`. */
export const reachOf = (pos: number): number => pos - REACH;

/** By what a fact and its telling find each other; either begins with the kind. */
export function keysOf(event: Event): { mark: string | null; turn: string | null } {
  const mark = markOf(event);
  return {
    mark: mark === null ? null : `${event.kind} ${mark}`,
    turn: event.turn === undefined ? null : `${event.kind} ${event.turn}`,
  };
}

/** The keys of what the transcript has told from `pos` on and no hook has, each with its number of lines. */
export function tellings(db: Database, session: string, pos: number) {
  const rows = db
    .query<Seen, [string, number]>(
      `select n, kind, turn, mark, at from events
       where session = ? and pos >= ? and via = 'transcript' and pair = 0`,
    )
    .all(session, pos);
  const keys = { mark: new Map<string, number>(), turn: new Map<string, number>() };
  const count = (of: Map<string, number>, key: string) => of.set(key, (of.get(key) ?? 0) + 1);
  for (const { kind, mark, turn } of rows) {
    if (mark !== null) count(keys.mark, `${kind} ${mark}`);
    if (turn !== null) count(keys.turn, `${kind} ${turn}`);
  }
  return keys;
}

/** Whether this turn has been heard of in the session, among its latest events. */
export function hasTurn(db: Database, session: string, turn: string): boolean {
  const row = db
    .query(
      `select 1 from (select turn from events where session = ? order by pos desc limit ${REACH})
       where turn = ? limit 1`,
    )
    .get(session, turn);
  return row !== null;
}

/** Whether a line of the transcript tells what was already written from a hook. */
function meets(db: Database, session: string, event: Event): boolean {
  const rows = db
    .query<Seen, [string, string]>(
      "select n, kind, turn, mark, at from events where session = ?1 and pair = 1 and kind = ?2 order by n desc",
    )
    .all(session, event.kind);
  if (rows.length === 0 || isKnown(db, event.id) || !take(db, rows, event)) return false;
  // Read once more (a replaced file, a recovery), it must not look new.
  forgo(db, [event]);
  return true;
}

interface Seen {
  n: number;
  kind: string;
  turn: string | null;
  mark: string | null;
  at: number;
}

/**
 * Same words first, then same turn: two prompts of one turn (the second typed while the agent worked) share the turn
 * and must not be taken for each other. Same words count only within an hour and never from well before, because
 * people say "continue" many times.
 */
function take(db: Database, rows: Seen[], event: Event): boolean {
  const mark = markOf(event);
  const at = Date.parse(event.at);
  const near = (row: Seen) => Math.abs(row.at - at) < 60 * MINUTE;
  const match =
    rows.find((row) => mark !== null && row.mark === mark && near(row)) ??
    rows.find((row) => event.turn !== undefined && row.turn === event.turn);
  if (!match) return false;
  db.query("update events set pair = 2 where n = ?").run(match.n);
  return true;
}

function markOf(event: Event): string | null {
  const text = event.text?.trim();
  return text ? Bun.hash(text).toString(36) : null;
}
