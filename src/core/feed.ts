import type { Db } from "../db/db.ts";
import { backoff, pause } from "../lib/backoff.ts";
import { brief, type Log } from "../lib/log.ts";
import type { StoredEvent } from "../wire/event.ts";
import { visible } from "./access.ts";
import type { Caller } from "./caller.ts";
import { columns, type EventRow, storedOf } from "./history.ts";

/** One event for all who watch: read once, written as JSON once. */
export interface Frame {
  seq: number;
  session: string;
  event: StoredEvent;
  json: string;
}

export interface Follow {
  caller: Caller;
  project: string;
  session?: string | undefined;
  /** Everything after this seq, from the beginning of time to now and on. */
  after: number;
  signal: AbortSignal;
}

/**
 * Who reads on where. A follower owns one cursor: it reads rows after it until there are none, then joins the
 * project's hub, which reads each new row once for all. A follower that cannot keep up leaves the hub, forgets what
 * waits for it and reads on by its cursor: memory stays bounded and nothing is skipped.
 */
export function startFeed(db: Db, log: Log) {
  const hubs = new Map<string, Hub>();
  const listeners = new Set<(org: string, project: string) => void>();
  const stopped = new AbortController();

  /** For one caller inside their access; for the hub, whose seats `watch.ts` takes away from who loses it, for all. */
  const read = (as: Caller | string, project: string, after: number, session?: string) =>
    db.as(typeof as === "string" ? as : as.org, async (tx) => {
      const [head] = await tx<{ last_seq: string }[]>`
        select p.last_seq from projects p
        where p.id = ${project} and ${typeof as === "string" ? tx`p.org_id = ${as}` : visible(tx, as)}`;
      const upTo = Number(head?.last_seq ?? 0);
      if (upTo <= after) return { frames: [], upTo: after };
      const rows = await tx<EventRow[]>`
        select ${columns(tx)} from events e join sessions s on s.id = e.session_id
        where e.project_id = ${project} and e.seq > ${after} and e.seq <= ${upTo}
          ${session ? tx`and e.session_id = ${session}` : tx``}
        order by e.seq limit ${PAGE}`;
      const frames = rows.map(frameOf);
      return { frames, upTo: rows.length === PAGE ? (frames.at(-1)?.seq ?? upTo) : upTo };
    });

  /** Tells everybody in this process that the project has new rows. Cheap; a bell, never the news. */
  function ring(org: string, project: string): void {
    hubs.get(project)?.wake();
    for (const listener of listeners) listener(org, project);
  }

  async function* follow(wanted: Follow): AsyncGenerator<Frame[]> {
    const { caller, project, session, signal } = wanted;
    let cursor = wanted.after;
    const retry = backoff({ maxMs: 5000 });
    while (!signal.aborted) {
      try {
        const { frames, upTo } = await read(caller, project, cursor, session);
        cursor = upTo;
        retry.reset();
        if (frames.length > 0) yield frames;
        if (frames.length === PAGE) continue;
      } catch (error) {
        log.warn("feed.read_failed", { error: brief(error) });
        await pause(retry.next(), signal);
        continue;
      }
      const hub = hubs.get(project) ?? openHub(caller.org, project);
      const seat = hub.sit(cursor, session);
      if (!seat) continue; // the hub went on while we read: read again
      try {
        for (;;) {
          const frames = await seat.next(signal);
          if (!frames) break;
          cursor = frames.at(-1)?.seq ?? cursor;
          yield frames;
        }
      } finally {
        seat.leave();
        if (hub.isEmpty()) hubs.delete(project);
      }
    }
  }

  function openHub(org: string, project: string): Hub {
    const hub = startHub(
      (after) => read(org, project, after),
      (error) => log.warn("feed.hub_failed", { error: brief(error) }),
      stopped.signal,
    );
    hubs.set(project, hub);
    return hub;
  }

  // The truth when bells are lost (a broken LISTEN connection): look every few seconds while somebody watches.
  const poll = setInterval(() => {
    for (const hub of hubs.values()) hub.wake();
  }, POLL_MS);
  poll.unref();

  return {
    ring,
    follow,
    /** Rings all hubs: after a reconnect of the LISTEN connection nobody knows what was missed. */
    ringAll: () => {
      for (const hub of hubs.values()) hub.wake();
    },
    /** Answers how to stop listening. */
    onRing(listener: (org: string, project: string) => void): () => void {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    async [Symbol.asyncDispose]() {
      stopped.abort();
      clearInterval(poll);
    },
  };
}
export type Feed = ReturnType<typeof startFeed>;

const PAGE = 500;
const POLL_MS = 3000;
/** Frames that may wait for one follower before it is sent back to its cursor. */
const QUEUE = 2000;

function frameOf(row: EventRow): Frame {
  const event = storedOf(row);
  return { seq: event.seq, session: row.session_id, event, json: JSON.stringify(event) };
}

interface Seat {
  next(signal: AbortSignal): Promise<Frame[] | undefined>;
  leave(): void;
}

interface Hub {
  wake(): void;
  sit(cursor: number, session: string | undefined): Seat | undefined;
  isEmpty(): boolean;
}

/** One project's new rows, read once and handed to all seats. */
function startHub(
  read: (after: number) => Promise<{ frames: Frame[]; upTo: number }>,
  onError: (error: unknown) => void,
  signal: AbortSignal,
): Hub {
  const seats = new Set<{ push(frames: Frame[]): void }>();
  let last: number | undefined;
  let reading = false;
  let again = false;

  async function pump(): Promise<void> {
    reading = true;
    const retry = backoff({ maxMs: 2000 });
    while (again && seats.size > 0 && !signal.aborted) {
      again = false;
      try {
        const { frames, upTo } = await read(last ?? 0);
        last = upTo;
        if (frames.length === PAGE) again = true;
        if (frames.length > 0) for (const seat of seats) seat.push(frames);
        retry.reset();
      } catch (error) {
        onError(error);
        again = true;
        await pause(retry.next(), signal);
      }
    }
    reading = false;
  }

  function wake(): void {
    again = true;
    if (!reading) void pump();
  }

  function sit(cursor: number, session: string | undefined): Seat | undefined {
    if (seats.size === 0 && !reading) last = cursor;
    else if (last !== undefined && last > cursor) return undefined;
    let queue: Frame[] = [];
    let lost = false;
    let bell = Promise.withResolvers<void>();
    const seat = {
      push(frames: Frame[]) {
        for (const frame of frames) {
          if (frame.seq > cursor && (!session || frame.session === session)) queue.push(frame);
        }
        if (queue.length > QUEUE) {
          lost = true;
          queue = [];
        }
        if (lost || queue.length > 0) bell.resolve();
      },
    };
    seats.add(seat);
    wake(); // what was committed between the reading and the sitting down
    return {
      async next(stop) {
        const ring = () => bell.resolve();
        stop.addEventListener("abort", ring, { once: true });
        if (queue.length === 0 && !lost && !stop.aborted) await bell.promise;
        stop.removeEventListener("abort", ring);
        bell = Promise.withResolvers<void>();
        if (lost || stop.aborted) return undefined;
        const frames = queue;
        queue = [];
        return frames;
      },
      leave: () => void seats.delete(seat),
    };
  }

  return { wake, sit, isEmpty: () => seats.size === 0 };
}
