import type { Database } from "bun:sqlite";
import type { Event } from "../wire/event.ts";
import { isCalled } from "./calls.ts";
import { append, isTold, reachOf, tellings } from "./events.ts";
import { CALLED, type Held, lastHeld, toolsOf, waits } from "./held.ts";
import { nextPos } from "./sessions.ts";

/** The agent's last lines reach the file 80–400 ms late (measured), so an end waits for half a second of quiet. */
export const QUIET_MS = 500;
/** An agent that never falls quiet must not hold its turn's end back for ever. */
const QUIET_LIMIT_MS = 3_000;
/** How long the transcript has to tell a fact itself, with and without a transcript to tell it. */
const UNSEEN_MS = 15_000;
const UNSEEN_NO_FILE_MS = 3_000;
/** How long the transcript has to tell the call that a fact is about. */
const CALLED_MS = 2_000;

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
  /** What has been compared already. */
  compared: Compared;
}

/** Every held fact up to `n` has been compared with every event before `pos`: neither changes, nor does the answer. */
export interface Compared {
  n: number;
  pos: number;
}

export interface Released {
  /** In how many milliseconds the next fact is due; undefined when none waits. */
  next: number | undefined;
  compared: Compared;
}

const ROW = "select n, release, at, size, pos, json from held";

/**
 * Writes down every held fact whose moment has come and drops what the transcript has told by itself. Runs inside
 * `journal.write`. It reads what it releases and what is new on either side, never all that waits: thousands may, when
 * a session has no transcript.
 */
export function release(db: Database, moment: Moment): Released {
  const { agentSession, session, upTo } = moment;
  const compared = { n: lastHeld(db), pos: nextPos(db, session) ?? 1 };
  const { due, next } = moment.final ? everything(db, agentSession) : dueNow(db, moment);
  const named = tellable(db, moment);
  const rows = new Map([...named, ...due].map((row) => [row.n, row]));
  const [isNamed, isDue] = [named, due].map((of) => new Set(of.map(({ n }) => n)));
  const drop = db.query("delete from held where n = ?");
  for (const row of [...rows.values()].sort((a, b) => a.n - b.n)) {
    const event: Event = JSON.parse(row.json);
    const told = isNamed?.has(row.n) && isTold(db, session, event, row.pos);
    if (!told && !isDue?.has(row.n)) continue;
    if (!told) append(db, session, [event], { promoted: row.release === "unseen" });
    drop.run(row.n);
  }
  if (!waits(db, agentSession)) return { next: undefined, compared };
  const isNew = db.query("select 1 from held where n > ? and +agent_session = ? limit 1");
  return { next: isNew.get(upTo, agentSession) ? 0 : next, compared };
}

interface Due {
  due: Held[];
  next: number | undefined;
}

function everything(db: Database, agentSession: string): Due {
  const query = db.query<Held, [string]>(`${ROW} where agent_session = ?`);
  return { due: query.all(agentSession), next: undefined };
}

/**
 * What has waited long enough. An end stands after what it ends: without a transcript an end waits for what was said
 * before it; the session's own end waits for nothing more, so what was said before it goes with it. (An answer after
 * the end would open the session again.)
 */
function dueNow(db: Database, moment: Moment): Due {
  const { agentSession, upTo, grownAt, hasFile } = moment;
  const now = Date.now();
  const unseenMs = hasFile ? UNSEEN_MS : UNSEEN_NO_FILE_MS;
  const unseenBy = now - unseenMs;
  const quietBy = now - (grownAt <= now - QUIET_MS ? QUIET_MS : QUIET_LIMIT_MS);
  const firstUnseen = first(db, agentSession, "unseen", unseenBy, now);
  const firstQuiet = first(db, agentSession, "quiet", quietBy, now);
  const due = [
    ...since(db, agentSession, "now", now, now),
    ...since(db, agentSession, "unseen", unseenBy, now),
  ];
  const asked = calls(db, moment, now);
  due.push(...asked.due);
  const wall = hasFile ? undefined : firstUnseen;
  const ended = since(db, agentSession, "quiet", Math.min(quietBy, wall?.at ?? now), now);
  due.push(...(wall ? ended.filter(({ n }) => n < wall.n) : ended));
  const ready = due.filter(({ n }) => n <= upTo);
  const end = ready.findLast(({ release, json }) => release === "quiet" && isEnd(json));
  if (end) {
    const before = db.query<Held, [string, number]>(`${ROW} where agent_session = ? and n < ?`);
    ready.push(...before.all(agentSession, end.n));
  }
  const times = [
    asked.next,
    firstUnseen && firstUnseen.at + unseenMs,
    firstQuiet &&
      Math.min(Math.max(firstQuiet.at, grownAt) + QUIET_MS, firstQuiet.at + QUIET_LIMIT_MS),
  ].filter((time) => time !== undefined);
  return { due: ready, next: times.length > 0 ? Math.min(...times) - now : undefined };
}

/** What is about a call: once the transcript has told it, or has had its time; a person waits for most of them. */
function calls(db: Database, { agentSession, session, hasFile }: Moment, now: number) {
  const rows = db
    .query<Held, [string, string, string]>(
      `${ROW} where agent_session = ? and release >= ? and release < ? order by n`,
    )
    .all(agentSession, CALLED, `${CALLED}\u{10ffff}`);
  const due: Held[] = [];
  let next: number | undefined;
  for (const row of rows) {
    const until = row.at > now || !hasFile ? now : row.at + CALLED_MS;
    const tools = toolsOf(row) ?? [];
    const isDue =
      until <= now || isCalled(db, session, { event: JSON.parse(row.json), tools, since: row.pos });
    if (isDue) due.push(row);
    else next = Math.min(next ?? until, until);
  }
  return { due, next };
}

/**
 * Held until `by`. And what was held by a clock that has been set back since: nobody knows how long, and it must not be
 * as long as that.
 */
function since(db: Database, agentSession: string, release: string, by: number, now: number) {
  return db
    .query<Held, [string, string, number, number]>(
      `${ROW} where agent_session = ?1 and release = ?2 and at <= ?3
       union all ${ROW} where agent_session = ?1 and release = ?2 and at > ?4`,
    )
    .all(agentSession, release, by, now);
}

/** The first that still waits. */
function first(db: Database, agentSession: string, release: string, by: number, now: number) {
  return (
    db
      .query<Pick<Held, "n" | "at">, [string, string, number, number]>(
        `select n, at from held where agent_session = ? and release = ? and at > ? and at <= ?
         order by at, n limit 1`,
      )
      .get(agentSession, release, by, now) ?? undefined
  );
}

const isEnd = (json: string): boolean => {
  const { kind }: Event = JSON.parse(json);
  return kind === "session.end";
};

/**
 * What the transcript may have told since the last comparison: facts that are new, where a line names them, and those
 * that new lines name.
 */
function tellable(db: Database, { agentSession, session, compared }: Moment): Held[] {
  const fresh = db
    .query<Named, [number, string]>(
      `select n, pos, mark, turn from held
       where n > ? and +agent_session = ? and +release = 'unseen'`,
    )
    .all(compared.n, agentSession);
  const found = namedBy(db, session, fresh);
  for (const [column, keys] of Object.entries(tellings(db, session, compared.pos))) {
    const query = db.query<Held, [string, string, number]>(
      `${ROW} where agent_session = ? and ${column} = ? order by n limit ?`,
    );
    // A line tells one fact, so of those that say the same no more are asked than there are lines.
    for (const [key, lines] of keys) found.push(...query.all(agentSession, key, lines));
  }
  return found;
}

interface Named extends Pick<Held, "n" | "pos"> {
  mark: string | null;
  turn: string | null;
}

/** One look at the lines for all of the facts: one for each would be as many as there are facts and lines together. */
function namedBy(db: Database, session: string, facts: Named[]): Held[] {
  if (facts.length === 0) return [];
  const { mark, turn } = tellings(db, session, reachOf(Math.min(...facts.map(({ pos }) => pos))));
  const get = db.query<Held, [number]>(`${ROW} where n = ?`);
  return facts
    .filter((fact) => mark.has(fact.mark ?? "") || turn.has(fact.turn ?? ""))
    .flatMap(({ n }) => get.get(n) ?? []);
}
