import type { Database } from "bun:sqlite";
import { uuid5 } from "../lib/uuid.ts";
import { Event } from "../wire/event.ts";
import type { IngestAnswer, IngestSession } from "../wire/ingest.ts";
import { isKnown, learn } from "./ids.ts";
import { rename, type Session, sessionOf } from "./sessions.ts";

/** Below the server's 32 MB, and small enough that a slow line carries it within the time limit. */
export const BATCH_BYTES = 4 * 1024 * 1024;
export const BATCH_EVENTS = 500;
const NAMESPACE = "0198d2c4-5b1e-7c60-9f0a-3d0c6a51e7b3";

export interface Outgoing {
  session: string;
  pos: number;
  bytes: number;
  json: string;
}

export interface Batch {
  sessions: IngestSession[];
  events: Outgoing[];
}

interface Limits {
  /** Sessions to leave out for now. */
  skip: ReadonlySet<string>;
  /** Whose sessions: those of this organisation and no others. */
  org: string;
  /** The one session to take. */
  only?: string | undefined;
  events: number;
  bytes: number;
}

/**
 * The next pending events: in order within a session, every waiting session in turn so that one long backlog does not
 * hold up the others. Never more than one batch is in memory.
 */
export function nextBatch(db: Database, { skip, org, only, events, bytes }: Limits): Batch {
  const behind = db
    .query<Session, [string]>(
      "select * from sessions where next_pos > acked + 1 and org = ? order by id",
    )
    .all(org)
    .filter(({ id }) => !skip.has(id) && (only === undefined || id === only))
    .slice(0, events);
  const share = Math.max(1, Math.ceil(events / Math.max(1, behind.length)));
  const batch: Batch = { sessions: [], events: [] };
  let room = bytes;
  for (const session of behind) {
    const taken = pendingOf(db, session, share, room, batch.events.length === 0);
    if (taken.length === 0) continue;
    room -= taken.reduce((sum, event) => sum + event.bytes, 0);
    batch.events.push(...taken);
    batch.sessions.push(headOf(db, session));
    if (room <= 0) break;
  }
  return batch;
}

/** One session alone has the whole batch: with a share of the rest the last ones would wait for a round each. */
function pendingOf(
  db: Database,
  { id, acked }: Session,
  limit: number,
  bytes: number,
  first: boolean,
): Outgoing[] {
  const rows = db
    .query<Outgoing, [string, number, number]>(
      `select session, pos, bytes, json from events
       where session = ? and pos > ? and refused is null order by pos limit ?`,
    )
    .iterate(id, acked, limit);
  const taken: Outgoing[] = [];
  let room = bytes;
  for (const row of rows) {
    if (row.bytes > room && !(first && taken.length === 0)) break;
    taken.push(row);
    room -= row.bytes;
  }
  return taken;
}

function headOf(db: Database, session: Session): IngestSession {
  return {
    id: session.id,
    project: session.project,
    name: session.name,
    agent: session.agent,
    driver: session.driver,
    ...(session.cwd === null ? {} : { cwd: session.cwd }),
    startedAt: session.started_at,
    floor: floorOf(db, session),
  };
}

/** The lowest position still held here. */
export function floorOf(db: Database, { id, next_pos }: Session): number {
  const row = db
    .query<{ pos: number }, [string]>(
      "select pos from events where session = ? and refused is null order by pos limit 1",
    )
    .get(id);
  return row?.pos ?? next_pos;
}

/** The batch as it goes over the wire. The stored JSON is not parsed again: place and session are put in front. */
export function bodyOf(machine: { id: string; name: string }, batch: Batch): string {
  const lines = [JSON.stringify({ machine, sessions: batch.sessions })];
  for (const { session, pos, json } of batch.events) {
    lines.push(`{"session":"${session}","pos":${pos},${json.slice(1)}`);
  }
  return `${lines.join("\n")}\n`;
}

/**
 * Moves the cursors to what the server says it has, also backwards: a server that was restored from a backup knows
 * less, and what this machine still holds is sent again. Answers whether anything moved. Runs inside `journal.write`.
 */
export function settle(db: Database, batch: Batch, answer: IngestAnswer): boolean {
  let moved = false;
  for (const [id, acked] of Object.entries(answer.acked)) {
    const session = sessionOf(db, id);
    if (!session) continue;
    // What is no longer held here cannot be sent again, whatever the server lacks.
    const to = Math.max(Math.min(acked, session.next_pos - 1), floorOf(db, session) - 1);
    if (to !== session.acked) moved = true;
    db.query("update sessions set acked = ? where id = ?").run(to, id);
  }
  for (const [id, name] of Object.entries(answer.names)) rename(db, id, name);
  for (const { session, pos, code, message } of answer.refused) {
    if (session === undefined || pos === undefined) continue;
    if (!batch.events.some((event) => event.session === session && event.pos === pos)) continue;
    moved = refuse(db, { session, pos }, `${code}: ${message}`) || moved;
  }
  return moved;
}

/**
 * Sets one event aside with the reason. Where the server has not passed over its position, a short note takes its
 * place: the row of positions stays whole and the session shows that something is missing. A note is never refused in
 * its turn, so a server that refuses everything cannot empty the journal.
 */
export function refuse(
  db: Database,
  { session, pos }: Pick<Outgoing, "session" | "pos">,
  reason: string,
): boolean {
  const row = db
    .query<{ n: number; id: string; bytes: number; json: string }, [string, number]>(
      "select n, id, bytes, json from events where session = ? and pos = ? and refused is null",
    )
    .get(session, pos);
  if (!row) return false;
  const event = Event.safeParse(JSON.parse(row.json));
  if (event.success && event.data.body.refused !== undefined) return false;
  db.query("update events set refused = ? where n = ?").run(reason.slice(0, 500), row.n);
  if ((sessionOf(db, session)?.acked ?? 0) >= pos) return true;
  const note: Event = {
    id: uuid5(NAMESPACE, row.id),
    at: event.success ? event.data.at : new Date().toISOString(),
    sender: event.success ? event.data.sender : "agent:polaris",
    kind: "error",
    text: `An event was not taken by the server and stays on the machine that recorded it (${reason.slice(0, 200)}).`,
    body: { refused: row.id, bytes: row.bytes },
    source: { agent: "polaris", translator: 1, via: "polaris" },
  };
  if (isKnown(db, note.id)) return true;
  const json = JSON.stringify(note);
  db.query(
    `insert into events (id, session, pos, kind, via, at, written, bytes, json)
       values (?, ?, ?, ?, 'polaris', ?, ?, ?, ?)`,
  ).run(
    note.id,
    session,
    pos,
    note.kind,
    Date.parse(note.at),
    Date.now(),
    Buffer.byteLength(json),
    json,
  );
  learn(db, note.id);
  return true;
}
