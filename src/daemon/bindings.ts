import type { Database } from "bun:sqlite";
import type { HookReading, People } from "../agents/agent.ts";
import type { Home, Place } from "./accounts.ts";
import { awaitedBy } from "./awaited.ts";
import { append } from "./events.ts";
import { lastHeld } from "./held.ts";
import { linkOf, type Repositories } from "./links.ts";
import { own } from "./own.ts";
import { release } from "./release.ts";
import { begin, type Session, sessionOf } from "./sessions.ts";
import { isSilent } from "./silence.ts";
import * as tails from "./tails.ts";

/** Which Polaris session an agent's session is recorded into. */
export interface Bound {
  agent_session: string;
  agent: string;
  session: string;
  transcript: string | null;
  cwd: string | null;
  pid: number | null;
  /** `left`: the person said stop; only a join begins again. */
  state: "live" | "ended" | "left";
  /** Since when it is recorded here, or runs in this process of its agent. */
  at: number;
  /** 1 while it is off the record. */
  paused: number;
  /** Its process as it was last seen running (gone.ts). */
  process: string | null;
}

export interface Caller {
  agent: string;
  pid?: number | undefined;
  at: string;
  people: People;
  /** To whom a session belongs that begins now, or under this link. */
  home: (link?: Place) => Home;
  subagents: (transcript: string) => string | undefined;
  repository: Repositories;
}

export function bindingOf(db: Database, agentSession: string): Bound | undefined {
  return (
    db.query<Bound, [string]>("select * from bindings where agent_session = ?").get(agentSession) ??
    undefined
  );
}

/** What is recorded in this process of an agent now. */
export function runningIn(db: Database, pid: number): Bound | undefined {
  return (
    db
      .query<Bound, [number]>(
        "select * from bindings where pid = ? and state = 'live' order by at desc limit 1",
      )
      .get(pid) ?? undefined
  );
}

/** Sessions that were not left and whose agent has not ended. */
export function live(db: Database): Bound[] {
  return db.query<Bound, []>("select * from bindings where state = 'live' order by at").all();
}

/**
 * Finds or makes the binding a hook call belongs to. No binding means: nobody joined this session and no link holds its
 * directory; nothing of it may be written. Runs inside `journal.write`.
 */
export function resolve(
  db: Database,
  reading: HookReading,
  caller: Caller,
): { bound: Bound; changed: boolean; continues?: string } | undefined {
  const known = bindingOf(db, reading.agentSession);
  const next = awaitedBy(db, reading);
  if (next && (known?.state === "left" || known?.session !== next.id)) {
    if (known && known.state !== "left") letGo(db, known);
    if (known) leave(db, known);
    return { bound: bind(db, next, reading, caller, newsOf(reading, caller)), changed: true };
  }
  if (known?.state === "left") return undefined;
  if (known) {
    const bound = refresh(db, known, reading, caller);
    return { bound, changed: bound !== known };
  }
  const opened = openedBy(db, reading, caller);
  if (!opened) {
    if (reading.start && reading.start !== "clear") forgetPid(db, caller.pid, "");
    return undefined;
  }
  const session =
    importedAs(db, reading.agentSession, opened.project) ??
    begin(db, {
      ...caller.people,
      ...caller.home(opened.place),
      project: opened.project,
      cwd: reading.cwd,
      at: caller.at,
    });
  const own = { ...caller, paused: opened.paused };
  const bound = bind(db, session, reading, own, opened.from);
  return opened.continues === undefined
    ? { bound, changed: true }
    : { bound, changed: true, continues: opened.continues };
}

/** What an agent session says from now on; what it said before belongs to where it was said. */
function newsOf({ start }: HookReading, caller: Caller): tails.From {
  if (start === "fork") return { saidAfter: Date.parse(caller.at) };
  return start === "resume" ? "end" : "start";
}

/** What its hooks have said still belongs to where it was recorded. */
function letGo(db: Database, { agent_session: agentSession, session }: Bound): void {
  const compared = { n: 0, pos: 0 };
  const upTo = lastHeld(db);
  release(db, { agentSession, session, upTo, grownAt: 0, hasFile: true, final: true, compared });
}

/** It is recorded elsewhere from now on, or no more. Runs inside `journal.write`. */
export function leave(db: Database, { agent_session, session, state }: Bound): void {
  const before = state === "left" ? undefined : sessionOf(db, session);
  if (before) append(db, session, [own("session.left", before)]);
  db.query("update bindings set state = 'left' where agent_session = ?").run(agent_session);
  tails.forget(db, agent_session);
}

/** Writes the binding and where its transcript is read from. */
export function bind(
  db: Database,
  session: Session,
  reading: Pick<HookReading, "agentSession" | "transcript" | "cwd">,
  caller: Pick<Caller, "agent" | "pid" | "subagents"> & { paused?: boolean | undefined },
  from: tails.From,
): Bound {
  forgetPid(db, caller.pid, reading.agentSession);
  db.query(
    `insert into bindings (agent_session, agent, session, transcript, cwd, pid, state, at, paused)
     values (?1, ?2, ?3, ?4, ?5, ?6, 'live', ?7, ?8)
     on conflict (agent_session) do update set session = ?3, transcript = coalesce(?4, transcript),
       cwd = coalesce(?5, cwd), pid = coalesce(?6, pid), state = 'live', at = ?7, paused = ?8`,
  ).run(
    reading.agentSession,
    caller.agent,
    session.id,
    reading.transcript ?? null,
    reading.cwd ?? null,
    caller.pid ?? null,
    Date.now(),
    caller.paused || isSilent(db) ? 1 : 0,
  );
  const bound = bindingOf(db, reading.agentSession);
  if (!bound) throw new Error("a binding that was just written is not there");
  if (bound.transcript) tails.begin(db, bound, from, caller.subagents(bound.transcript));
  return bound;
}

/**
 * The same agent session again: it may have moved to another process, directory or file. `known` itself when nothing
 * has changed.
 */
function refresh(db: Database, known: Bound, reading: HookReading, caller: Caller): Bound {
  const transcript = reading.transcript ?? known.transcript;
  const cwd = reading.cwd ?? known.cwd;
  const pid = caller.pid ?? known.pid;
  const state = reading.ended ? "ended" : "live";
  if (reading.start && reading.start !== "compact") forgetPid(db, caller.pid, known.agent_session);
  const moved = transcript !== known.transcript;
  const changed = moved || cwd !== known.cwd || pid !== known.pid || state !== known.state;
  if (!changed && !reading.start) return known;
  const at = reading.start && pid !== known.pid ? Date.now() : known.at;
  if (changed) {
    db.query(
      "update bindings set transcript = ?, cwd = ?, pid = ?, state = ?, at = ? where agent_session = ?",
    ).run(transcript, cwd, pid, state, at, known.agent_session);
  }
  const bound: Bound = { ...known, transcript, cwd, pid, state, at };
  if (transcript && (moved || reading.start)) {
    tails.begin(
      db,
      bound,
      known.transcript === null ? "end" : "start",
      caller.subagents(transcript),
    );
  }
  return bound;
}

interface Opened {
  project: string;
  from: tails.From;
  place: Place;
  paused?: boolean;
  /** The session it goes on from. */
  continues?: string;
}

/** What makes an unknown agent session ours, and from where on. */
function openedBy(db: Database, reading: HookReading, caller: Caller): Opened | undefined {
  const { start } = reading;
  const before = start === "clear" ? predecessor(db, caller) : undefined;
  if (before) {
    return { ...before, from: "start", place: before.place, continues: before.place.id };
  }
  const link = linkOf(db, reading.cwd, caller.repository);
  if (!link) return undefined;
  const { project } = link;
  if (start === "startup" || start === "clear") return { project, from: "start", place: link };
  if (start === "fork") return { project, from: { saidAfter: Date.parse(caller.at) }, place: link };
  if (start === "resume") return { project, from: "end", place: link };
  return { project, from: { bornAfter: link.at }, place: link };
}

/** An imported session that is taken up again goes on where it was imported to. */
function importedAs(db: Database, agentSession: string, project: string): Session | undefined {
  const row = db
    .query<{ session: string }, [string]>("select session from imports where agent_session = ?")
    .get(agentSession);
  const session = row ? sessionOf(db, row.session) : undefined;
  return session?.project === project ? session : undefined;
}

/** `/clear` gives the same process a new session id: the work goes on in the same project, off the record as before. */
function predecessor(
  db: Database,
  { pid, agent }: Caller,
): { project: string; place: Session; paused: boolean } | undefined {
  if (pid === undefined) return undefined;
  const last = db
    .query<Bound, [number, string]>(
      "select * from bindings where pid = ? and agent = ? order by at desc limit 1",
    )
    .get(pid, agent);
  if (!last || last.state === "left") return undefined;
  const place = sessionOf(db, last.session);
  return place && { project: place.project, place, paused: last.paused === 1 };
}

/** Process ids come again: only the agent session that runs in it now may be found by one. */
function forgetPid(db: Database, pid: number | undefined, keep: string): void {
  if (pid === undefined) return;
  db.query("update bindings set pid = null where pid = ? and agent_session <> ?").run(pid, keep);
}
