import type { Database } from "bun:sqlite";
import { z } from "zod";
import type { Words } from "../agents/agent.ts";
import { uuid5 } from "../lib/uuid.ts";
import type { Kind } from "../wire/event.ts";
import type { InjectionRoute, Report } from "../wire/injection.ts";
import { append } from "./events.ts";
import { own } from "./own.ts";
import { sessionOf } from "./sessions.ts";

/** Of the reports on an injection: a repeated one is one event. */
const NAMESPACE = "0198d2c4-5b1e-7c60-9f0a-3d0c6a51e7b4";

export type AdviceState =
  | "waiting"
  | "handing"
  | "handed"
  | "taken"
  | "seen"
  | "failed"
  | "recalled"
  | "expired";

/** One piece of advice on its way; see the story of its table. */
export interface Advice {
  id: string;
  session: string;
  seq: number;
  state: AdviceState;
  since: number;
  stuck: number;
  route: InjectionRoute | null;
  agent_session: string | null;
  station: string | null;
  words: string;
}

/** What is read of an event of the server's stream; other events of the session pass by. */
export const Heard = z.looseObject({
  id: z.guid(),
  seq: z.int(),
  kind: z.string(),
  at: z.string().optional(),
  sender: z.string().optional(),
  text: z.string().optional(),
  body: z.record(z.string(), z.unknown()).default({}),
});
export type Heard = z.infer<typeof Heard>;

const UNDELIVERED = "('waiting', 'handing')";
const OPEN = "('waiting', 'handing', 'handed', 'taken')";

export const wordsOf = ({ words }: Pick<Advice, "words">): Words => JSON.parse(words);

export function adviceOf(db: Database, id: string): Advice | undefined {
  return (
    db.query<Advice, [string]>("select * from advice where id = ?").get(id.toLowerCase()) ??
    undefined
  );
}

/** All that has not come to its end, in the order in which it was queued. */
export function open(db: Database): Advice[] {
  return db
    .query<Advice, []>(`select * from advice where state in ${OPEN} order by session, seq`)
    .all();
}

/** What waits for a way into this session. */
export function waiting(db: Database, session: string): Advice[] {
  return db
    .query<Advice, [string]>(
      "select * from advice where session = ? and state = 'waiting' order by seq",
    )
    .all(session);
}

/**
 * Whether a sign of it from this session is evidence. Another session may have learned the id (`polaris_context` gives
 * it) or be given a prompt that forges it; only what an ended agent session was handed may turn up in another one, and
 * only in one of the same process, whose queue outlives `/clear`.
 */
export function concerns(db: Database, advice: Advice, session: string): boolean {
  if (advice.session === session) return true;
  if (advice.agent_session === null) return false;
  const next = db.query(
    `select 1 from bindings a join bindings b on b.process = a.process
     where a.agent_session = ? and a.state <> 'live' and b.session = ?`,
  );
  return next.get(advice.agent_session, session) !== null;
}

/** The latest that an agent session was handed and has given no sign of. */
export function lastHanded(db: Database, agentSession: string): string | undefined {
  return db
    .query<{ id: string }, [string]>(
      `select id from advice where agent_session = ? and state in ('handing', 'handed')
       order by since desc limit 1`,
    )
    .get(agentSession)?.id;
}

/** When a way was given up. */
export function deadSince(db: Database, agentSession: string, route: InjectionRoute) {
  return db
    .query<{ at: number }, [string, string]>(
      "select at from dead_routes where agent_session = ? and route = ?",
    )
    .get(agentSession, route)?.at;
}

/** Takes up what the server says about advice for a session. Runs inside `journal.write`. */
export function hear(db: Database, session: string, event: Heard): void {
  const { id, seq, kind, text, body } = event;
  if (kind === "injection.queued") {
    const words: Words = {
      id: id.toLowerCase(),
      from: string(body.from) ?? event.sender ?? "user:unknown",
      name: string(body.name),
      role: string(body.role),
      via: string(body.via),
      at: event.at ?? new Date().toISOString(),
      text: text ?? "",
    };
    db.query(
      `insert into advice (id, session, seq, state, since, words) values (?, ?, ?, 'waiting', ?, ?)
       on conflict do nothing`,
    ).run(words.id, session, seq, Date.now(), JSON.stringify(words));
    return;
  }
  const injection = string(body.injection)?.toLowerCase();
  const known = injection ? adviceOf(db, injection) : undefined;
  if (!known || known.session !== session) return;
  if (kind === "injection.edited" && text !== undefined && known.state === "waiting") {
    const before = wordsOf(known);
    const words = JSON.stringify({ ...before, text, edits: (before.edits ?? 0) + 1 });
    db.query("update advice set words = ? where id = ?").run(words, known.id);
  }
  const ended = ENDED[kind];
  if (!ended) return;
  db.query(`update advice set state = ?, since = ? where id = ? and state in ${UNDELIVERED}`).run(
    ended,
    Date.now(),
    known.id,
  );
}

/** What the server says about advice that somebody else has delivered, or nobody shall. */
const ENDED: Readonly<Record<string, AdviceState>> = {
  "injection.recalled": "recalled",
  "injection.expired": "expired",
  "injection.failed": "failed",
  "injection.seen": "seen",
  "injection.answered": "seen",
};

const string = (value: unknown): string | undefined =>
  typeof value === "string" && value !== "" ? value : undefined;

export interface To {
  route: InjectionRoute;
  agentSession: string;
  /** The process that hands it over. */
  station?: string | null;
}

/** What waits for this session is another machine's to deliver. Runs inside `journal.write`. */
export function letGo(db: Database, session: string): void {
  db.query(
    "update advice set state = 'recalled', since = ? where session = ? and state = 'waiting'",
  ).run(Date.now(), session);
}

/** It is about to be handed over: from now on it may be on its way. Runs inside `journal.write`. */
export function handing(
  db: Database,
  { id }: Pick<Advice, "id">,
  { route, agentSession, station = null }: To,
): boolean {
  return (
    db
      .query(
        `update advice set state = 'handing', since = ?, stuck = 0, route = ?, agent_session = ?, station = ?
         where id = ? and state = 'waiting'`,
      )
      .run(Date.now(), route, agentSession, station, id).changes > 0
  );
}

/** Since when there is no way into the agent. Runs inside `journal.write`. */
export function stick(db: Database, { id }: Pick<Advice, "id">, at: number): void {
  db.query("update advice set stuck = ? where id = ?").run(at, id);
}

/** Nothing of it was handed over: any way may be tried. Runs inside `journal.write`. */
export function unhanded(db: Database, { id }: Pick<Advice, "id">): void {
  db.query(
    `update advice set state = 'waiting', since = ?, stuck = 0, route = null, agent_session = null, station = null
     where id = ? and state = 'handing'`,
  ).run(Date.now(), id);
}

/**
 * It was handed over in vain, it seems: another way may be tried, but only one that can tell (see `settled` in
 * answers.ts). Its route stays, as the mark of that. Runs inside `journal.write`.
 */
export function back(db: Database, { id }: Pick<Advice, "id">): void {
  db.query(
    `update advice set state = 'waiting', since = ?, stuck = 0
     where id = ? and state in ('handing', 'handed')`,
  ).run(Date.now(), id);
}

/** Runs inside `journal.write`. */
export function handed(db: Database, id: string): void {
  const advice = move(db, id, "handed", ["handing"]);
  if (advice) report(db, advice, "injection.delivered");
}

/**
 * The agent has it in its queue, whatever was thought of the way there. `since` stays when it was handed over: a process
 * that began later has another queue. Runs inside `journal.write`. */
export function taken(db: Database, id: string): void {
  arrived(db, id);
  move(db, id, "taken", ["handed"], { keep: true });
}

/** It entered the conversation. Evidence counts whatever was thought before. Runs inside `journal.write`. */
export function seen(db: Database, id: string, evidence: "hook" | "transcript" | "tool"): void {
  const before = adviceOf(db, id);
  if (!before || before.state === "seen") return;
  arrived(db, id);
  const advice = move(db, id, "seen", ["handed", "taken", "failed", "recalled", "expired"]);
  if (advice) report(db, advice, "injection.seen", { evidence });
}

/** A sign came back, so it was handed over, and the way it took is open. */
function arrived(db: Database, id: string): void {
  const advice = move(db, id, "handed", ["waiting", "handing"], { keep: true });
  if (!advice) return;
  report(db, advice, "injection.delivered");
  db.query("delete from dead_routes where agent_session = ? and route = ?").run(
    advice.agent_session,
    advice.route,
  );
}

/** Nobody will read it. Runs inside `journal.write`. */
export function failed(db: Database, id: string, reason: string): void {
  const advice = move(db, id, "failed", ["waiting", "handing", "handed", "taken"]);
  if (advice) report(db, advice, "injection.failed", { reason });
}

/** What its agent says to it. Runs inside `journal.write`. */
export function answered(db: Database, id: string, text: string): void {
  const advice = adviceOf(db, id);
  if (advice) report(db, advice, "injection.answered", {}, text);
}

function move(
  db: Database,
  id: string,
  to: AdviceState,
  from: readonly AdviceState[],
  { keep = false } = {},
): Advice | undefined {
  const advice = adviceOf(db, id);
  if (!advice || !from.includes(advice.state)) return undefined;
  const since = keep ? advice.since : Date.now();
  db.query("update advice set state = ?, since = ? where id = ?").run(to, since, advice.id);
  return { ...advice, state: to };
}

function report(
  db: Database,
  { id, session, route, words }: Advice,
  kind: Kind,
  more: Partial<Report> = {},
  text?: string,
): void {
  const known = sessionOf(db, session);
  if (!known) return;
  const { edits = 0 } = wordsOf({ words });
  const body = { injection: id, ...(route ? { route } : {}), edits, ...more };
  const name = `${id} ${kind} ${route ?? ""}${text === undefined ? "" : ` ${text}`}`;
  const event = own(kind, known, {
    id: uuid5(NAMESPACE, name),
    body,
    ...(text === undefined ? {} : { text }),
  });
  append(db, session, [{ ...event, sender: known.agent }]);
}

export const isDead = (db: Database, agentSession: string, route: InjectionRoute): boolean =>
  deadSince(db, agentSession, route) !== undefined;

/** Runs inside `journal.write`. */
export function bury(db: Database, agentSession: string, route: InjectionRoute): void {
  db.query(
    "insert into dead_routes (agent_session, route, at) values (?, ?, ?) on conflict do nothing",
  ).run(agentSession, route, Date.now());
}
