import type { Database } from "bun:sqlite";
import { uuid5 } from "../lib/uuid.ts";
import type { Kind } from "../wire/event.ts";
import type { InjectionRoute, Report } from "../wire/injection.ts";
import { type Advice, type AdviceState, adviceOf, wordsOf } from "./advice.ts";
import { append } from "./events.ts";
import { own } from "./own.ts";
import { sessionOf } from "./sessions.ts";
import { revive } from "./ways.ts";

/** Of the reports on an injection: a repeated one is one event. */
const NAMESPACE = "0198d2c4-5b1e-7c60-9f0a-3d0c6a51e7b4";

export interface To {
  route: InjectionRoute;
  agentSession: string;
  /** The process that hands it over. */
  station?: string | null;
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
  revive(db, advice.agent_session, advice.route);
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
