import type { Db } from "../db/db.ts";
import { brief, type Log } from "../lib/log.ts";
import type { Setup, TeamFrame, TeamProject } from "../wire/team.ts";
import type { Feed } from "./feed.ts";
import { LATE_MS, look, type View } from "./team.ts";

/** What happens within this time is one frame: 500 sessions at work then cost ten looks a second, not thousands. */
const GATHER_MS = 100;
/** Projects, prompts by hour and first steps change rarely: they are looked at this often, while something happens. */
const AROUND_MS = 1000;
/** The truth when bells are lost, and when a project appears or goes without an event. */
const POLL_MS = 2500;

/** One frame, and the clock that resumes after it. */
export interface Told {
  id: number;
  frame: TeamFrame;
}

/** Who works on what, live. All tabs of one person share one reader; it looks when a project rings, and now and then. */
export function startLineup(db: Db, feed: Feed, log: Log) {
  const readers = new Map<string, Reader>();
  feed.onRing((org) => {
    for (const reader of readers.values()) if (reader.org === org) reader.wake();
  });
  const poll = setInterval(() => {
    for (const reader of readers.values()) reader.wake();
  }, POLL_MS);
  poll.unref();

  return {
    /** Begins with all that changed after `since` (the id of the last frame), or with all there is. */
    async *follow(view: View, signal: AbortSignal, since?: number): AsyncGenerator<Told> {
      const { caller, project } = view;
      const key = `${caller.org} ${caller.user} ${caller.role} ${caller.kind === "api"} ${project ?? ""}`;
      const reader = readers.get(key) ?? startReader(db, view, log);
      readers.set(key, reader);
      const seat = reader.sit(since);
      try {
        while (!signal.aborted) {
          const told = await seat.next(signal);
          if (told) yield told;
        }
      } finally {
        seat.leave();
        if (reader.isEmpty() && readers.get(key) === reader) readers.delete(key);
      }
    },
    async [Symbol.asyncDispose]() {
      clearInterval(poll);
    },
  };
}
export type Lineup = ReturnType<typeof startLineup>;

interface Seat {
  push(told: Told): void;
}

type Reader = ReturnType<typeof startReader>;

/** One person's view: what it knows, and who is to be told of changes. */
function startReader(db: Db, view: View, log: Log) {
  const seats = new Set<Seat>();
  const cursors = new Map<string, number>();
  /** Each session as it was told last, and when something last happened in it. */
  const sessions = new Map<string, { json: string; project: string; at: number }>();
  let projects = "";
  let setup = "";
  let clock: number | undefined;
  let looked = 0;
  let lookedAround = Number.NEGATIVE_INFINITY;
  let again = false;
  let running = false;

  async function step(): Promise<void> {
    const isWhole = performance.now() - lookedAround >= AROUND_MS;
    const found = await look(db, view, cursors, { since: clock, isWhole });
    clock = found.now;
    const changed: string[] = [];
    for (const { project, session } of found.rows) {
      // The first of its project, perhaps the first of all: the list beside it is old.
      if (!isWhole && !cursors.has(project)) {
        lookedAround = Number.NEGATIVE_INFINITY;
        again = true;
      }
      cursors.set(project, Math.max(cursors.get(project) ?? -1, session.lastSeq));
      const json = JSON.stringify(session);
      if (sessions.get(session.id)?.json === json) continue;
      const at = Date.parse(session.lastEventAt ?? session.createdAt);
      sessions.set(session.id, { json, project, at });
      changed.push(session.id);
    }
    const frame: TeamFrame = found.around ? settle(found.around) : {};
    if (changed.length) frame.sessions = read(changed);
    if (Object.keys(frame).length) for (const seat of seats) seat.push({ id: found.now, frame });
  }

  /** What is no longer among the projects is forgotten with its sessions; answers what of the rest is new. */
  function settle(around: { projects: TeamProject[]; setup: Setup }): TeamFrame {
    lookedAround = performance.now();
    const here = new Set(around.projects.map(({ id }) => id));
    for (const id of here) if (!cursors.has(id)) cursors.set(id, -1);
    for (const id of cursors.keys()) if (!here.has(id)) cursors.delete(id);
    for (const [id, { project }] of sessions) if (!here.has(project)) sessions.delete(id);
    const frame: TeamFrame = {};
    if (projects !== JSON.stringify(around.projects)) frame.projects = around.projects;
    if (setup !== JSON.stringify(around.setup)) frame.setup = around.setup;
    projects = JSON.stringify(around.projects);
    setup = JSON.stringify(around.setup);
    return frame;
  }

  const read = (ids: Iterable<string>) =>
    [...ids].flatMap((id) => JSON.parse(sessions.get(id)?.json ?? "[]"));

  async function run(): Promise<void> {
    running = true;
    while (again && seats.size > 0) {
      again = false;
      const rest = looked + GATHER_MS - performance.now();
      if (rest > 0) await Bun.sleep(rest);
      looked = performance.now();
      try {
        await step();
      } catch (error) {
        log.warn("lineup.failed", { error: brief(error) }); // the next bell or poll looks again
      }
    }
    running = false;
  }

  function wake(): void {
    again = true;
    if (!running) void run();
  }

  /** Everything that is known, or what of it changed after a moment that a page has seen. */
  function standing(since: number | undefined): Told | undefined {
    if (clock === undefined) return undefined;
    const after = since === undefined ? 0 : since - LATE_MS;
    const ids = [...sessions].flatMap(([id, { at }]) => (at >= after ? [id] : []));
    const frame: TeamFrame = { projects: JSON.parse(projects), setup: JSON.parse(setup) };
    return { id: clock, frame: { ...frame, sessions: read(ids) } };
  }

  return {
    org: view.caller.org,
    wake,
    isEmpty: () => seats.size === 0,
    sit(since: number | undefined) {
      let waiting: Told[] = [];
      let bell = Promise.withResolvers<void>();
      const first = standing(since);
      let told = first !== undefined;
      if (first) waiting.push(first);
      const seat: Seat = {
        push(news) {
          // The very first look finds everything; the page has most of it.
          const next = told ? news : (standing(since) ?? news);
          told = true;
          // A reader that stalls gets the present when it comes back, not the past one by one.
          if (waiting.length > 50) waiting = [standing(undefined) ?? next];
          else waiting.push(next);
          bell.resolve();
        },
      };
      seats.add(seat);
      wake();
      return {
        async next(signal: AbortSignal): Promise<Told | undefined> {
          const ring = () => bell.resolve();
          signal.addEventListener("abort", ring, { once: true });
          if (!waiting.length && !signal.aborted) await bell.promise;
          signal.removeEventListener("abort", ring);
          bell = Promise.withResolvers<void>();
          return waiting.shift();
        },
        leave: () => void seats.delete(seat),
      };
    },
  };
}
