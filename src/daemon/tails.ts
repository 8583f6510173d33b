import type { Database } from "bun:sqlite";
import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Memory } from "../agents/agent.ts";
import type { Event } from "../wire/event.ts";
import { lineEnd } from "./lines.ts";

/** How far a transcript has been read: the byte after its last complete line, and what the reader remembers there. */
export interface Tail {
  path: string;
  agent_session: string;
  subagent: string | null;
  inode: string | null;
  offset: number;
  memory: string;
  open: number;
  /** What stands before was never to be recorded. */
  began: number;
}

/**
 * `bornAfter`: from the start when the file was born after that moment, else from its end. `saidAfter`: from the start,
 * and only lines of that time or later.
 */
export type From = "start" | "end" | { bornAfter: number } | { saidAfter: number };

/** Begins to read a session's transcripts, unless they are being read already. Runs inside `journal.write`. */
export function begin(
  db: Database,
  { agent_session, transcript }: { agent_session: string; transcript: string | null },
  from: From,
  subagents: string | undefined,
): void {
  if (!transcript) return;
  const file = statSync(transcript, { throwIfNoEntry: false });
  const saidAfter = typeof from === "object" && "saidAfter" in from ? from.saidAfter : undefined;
  const bornAfter = typeof from === "object" && "bornAfter" in from ? from.bornAfter : 0;
  const fromStart = from !== "end" && (!file || file.birthtimeMs >= bornAfter);
  add(db, agent_session, transcript, null, fromStart || !file, saidAfter);
  if (fromStart || !subagents) return;
  for (const [path, id] of subagentFiles(subagents)) add(db, agent_session, path, id, false);
}

/** What the reader knew when it began with this file. */
export function firstMemory(tail: Pick<Tail, "subagent" | "memory">): Memory {
  const { saidAfter }: Memory = JSON.parse(tail.memory);
  return {
    ...(tail.subagent === null ? {} : { subagent: tail.subagent }),
    ...(saidAfter === undefined ? {} : { saidAfter }),
  };
}

/** The copies at the head of a fork are events of the session they come from, or were never to be any. */
export const isSaid = ({ saidAfter = 0 }: Memory, event: Event): boolean =>
  !(Date.parse(event.at) < saidAfter);

/** A transcript found in the subagents' folder after the session was bound: all of it is new. */
export function addSubagent(db: Database, agentSession: string, path: string, id: string): void {
  add(db, agentSession, path, id, true);
}

export function tailsOf(db: Database, agentSession: string): Tail[] {
  return db
    .query<Tail, [string]>(
      "select * from tails where agent_session = ? order by subagent is not null, path",
    )
    .all(agentSession);
}

export function move(db: Database, tail: Tail): void {
  db.query("update tails set inode = ?, offset = ?, memory = ?, open = 1 where path = ?").run(
    tail.inode,
    tail.offset,
    tail.memory,
    tail.path,
  );
}

export function close(db: Database, agentSession: string): void {
  db.query("update tails set open = 0 where agent_session = ? and open = 1").run(agentSession);
}

export function forget(db: Database, agentSession: string): void {
  db.query("delete from tails where agent_session = ?").run(agentSession);
}

/** Agent sessions with transcripts that may still grow, held facts that wait or a process that may have died. */
export function unfinished(db: Database): string[] {
  return db
    .query<{ agent_session: string }, []>(
      `select agent_session from tails where open = 1 union select agent_session from held
       union select agent_session from bindings where state = 'live' and process is not null`,
    )
    .all()
    .map((row) => row.agent_session);
}

/** `agent-<id>.jsonl` in the subagents' folder, with their ids. */
export function subagentFiles(folder: string): [path: string, id: string][] {
  if (!existsSync(folder)) return [];
  try {
    return readdirSync(folder).flatMap((name) => {
      const id = /^agent-(.+)\.jsonl$/.exec(name)?.[1];
      return id ? [[join(folder, name), id] satisfies [string, string]] : [];
    });
  } catch {
    // Gone meanwhile, or not ours to read.
    return [];
  }
}

/** Whether all that the session's transcripts hold now has been written down, and no further one lies there. */
export function isRead(db: Database, agentSession: string, subagents: string | undefined): boolean {
  const tails = db
    .query<Pick<Tail, "path" | "offset" | "subagent">, [string]>(
      "select path, offset, subagent from tails where agent_session = ?",
    )
    .all(agentSession);
  if (tails.some(({ path, offset }) => sizeOf(path) !== offset)) return false;
  if (subagents === undefined || !existsSync(subagents)) return true;
  return subagentFiles(subagents).every(([path]) => tails.some((tail) => tail.path === path));
}

/** Asking first is cheaper than being refused: an error's stack costs ten times the call. */
export function sizeOf(path: string): number {
  return existsSync(path) ? (statSync(path, { throwIfNoEntry: false })?.size ?? 0) : 0;
}

function add(
  db: Database,
  agentSession: string,
  path: string,
  subagent: string | null,
  fromStart: boolean,
  saidAfter?: number,
): void {
  const file = statSync(path, { throwIfNoEntry: false, bigint: true });
  const memory = JSON.stringify({ ...(subagent === null ? {} : { subagent }), saidAfter });
  const inserted = db
    .query(
      "insert into tails (path, agent_session, subagent, offset, memory) values (?, ?, ?, 0, ?) on conflict do nothing",
    )
    .run(path, agentSession, subagent, memory);
  if (inserted.changes === 0) {
    db.query("update tails set open = 1, agent_session = ? where path = ?").run(agentSession, path);
    return;
  }
  if (fromStart || !file) return;
  db.query("update tails set inode = ?1, offset = ?2, began = ?2 where path = ?3").run(
    String(file.ino),
    lineEnd(path, Number(file.size)),
    path,
  );
}
