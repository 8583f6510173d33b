import type { Database } from "bun:sqlite";
import type { Words } from "../agents/agent.ts";
import type { InjectionRoute } from "../wire/injection.ts";

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

/** What was given to this call as its answer, and may or may not have arrived. */
export function carriedBy(db: Database, call: string): Advice[] {
  return db
    .query<Advice, [string]>(
      `select * from advice where station = ? and route in ('inbox', 'hook')
       and state in ('waiting', 'handing', 'recalled') order by seq`,
    )
    .all(call.toLowerCase());
}

/** What is being handed over by this call, however. */
export function handedTo(db: Database, call: string): Advice[] {
  return db
    .query<Advice, [string]>(
      "select * from advice where station = ? and state = 'handing' order by seq",
    )
    .all(call);
}

/** Since when its sender knows that it could not be delivered, while it waits for a chance all the same. */
export function lateSince(db: Database, id: string): number | undefined {
  return db.query<{ at: number }, [string]>("select at from late where id = ?").get(id)?.at;
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
