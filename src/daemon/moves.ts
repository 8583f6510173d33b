import type { Database } from "bun:sqlite";
import type { Words } from "../agents/agent.ts";
import { uuid5 } from "../lib/uuid.ts";
import type { Kind } from "../wire/event.ts";
import type { InjectionRoute, Report } from "../wire/injection.ts";
import { type Advice, type AdviceState, adviceOf, carriedBy, wordsOf } from "./advice.ts";
import { append } from "./events.ts";
import { own } from "./own.ts";
import { sessionOf } from "./sessions.ts";
import { revive } from "./ways.ts";

/** Of the reports on an injection: a repeated one is one event. */
const NAMESPACE = "0198d2c4-5b1e-7c60-9f0a-3d0c6a51e7b4";

export interface To {
  route: InjectionRoute;
  agentSession: string;
  /** The process that hands it over, or the call that is answered with it. */
  station?: string | null;
}

/**
 * It is about to be handed over: from now on it may be on its way. Answers its words as they are now, also to the same
 * station again, which asks twice when it got no answer; undefined when it is somebody else's to hand over. Runs inside
 * `journal.write`.
 */
export function handing(
  db: Database,
  { id }: Pick<Advice, "id">,
  { route, agentSession, station = null }: To,
): Words | undefined {
  const { changes } = db
    .query(
      `update advice set state = 'handing', since = ?1, stuck = 0, route = ?2, agent_session = ?3, station = ?4
       where id = ?5 and (state = 'waiting' or (state = 'handing' and station = ?4))`,
    )
    .run(Date.now(), route, agentSession, station, id);
  const advice = changes > 0 ? adviceOf(db, id) : undefined;
  return advice && wordsOf(advice);
}

/** Since when there is no way into the agent. Runs inside `journal.write`. */
export function stick(db: Database, { id }: Pick<Advice, "id">, at: number): void {
  db.query("update advice set stuck = ? where id = ?").run(at, id);
}

/** Nothing of it was handed over: any way may be tried. Runs inside `journal.write`. */
export function unhanded(db: Database, { id }: Pick<Advice, "id">): void {
  db.query(
    `update advice set state = 'waiting', since = ?, stuck = 0, route = null, agent_session = null, station = null
     where id = ? and state in ('waiting', 'handing')`,
  ).run(Date.now(), id);
}

/**
 * Whether the answer that a call carried its advice in has reached the agent. What one of its tools gave was asked for
 * by the agent, so it was read; what a hook said has its sign in the transcript. Runs inside `journal.write`.
 */
export function given(db: Database, call: string, isGiven: boolean): void {
  for (const advice of carriedBy(db, call)) {
    if (!isGiven) unhanded(db, advice);
    else if (advice.route === "inbox") seen(db, advice.id, "tool");
    else arrived(db, advice.id);
  }
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
  if (!advice) return;
  onTime(db, id);
  report(db, advice, "injection.delivered");
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
  onTime(db, id);
  report(db, advice, "injection.delivered");
  revive(db, advice.agent_session, advice.route);
}

/** Nobody will read it. Runs inside `journal.write`. */
export function failed(db: Database, id: string, reason: string): void {
  const advice = move(db, id, "failed", ["waiting", "handing", "handed", "taken"]);
  // Once is enough: its sender was told before that it had not been delivered.
  if (!advice || onTime(db, id).changes > 0) return;
  report(db, advice, "injection.failed", { reason });
}

/** Its sender is told that it is not delivered; it waits on, for a chance that may come. Runs inside `journal.write`. */
export function late(db: Database, advice: Advice, reason: string): void {
  db.query("insert into late (id, at) values (?, ?) on conflict do nothing").run(
    advice.id,
    Date.now(),
  );
  report(db, advice, "injection.failed", { reason });
}

const onTime = (db: Database, id: string) => db.query("delete from late where id = ?").run(id);

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
