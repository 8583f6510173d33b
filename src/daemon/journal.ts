import type { Database } from "bun:sqlite";
import { statSync } from "node:fs";
import { brief, type Log } from "../lib/log.ts";
import { openDatabase, unwritable } from "./database.ts";
import { forget, index, isPlenty, settle } from "./ids.ts";

/**
 * The durable memory of this machine's recorder. Everything that must survive is written through `write`, and whoever
 * waits for its promise may tell others: it resolves after the commit and its sync.
 */
export interface Journal extends AsyncDisposable {
  readonly db: Database;
  /**
   * Runs `work` inside a transaction, together with all else that waits in this turn of the event loop: one sync for
   * all of them (measured: 16 writers waiting for a sync each 3,400/s, for a common one above 10,000/s). When one
   * fails, each is tried alone, so that nobody pays for another's mistake. `work` is synchronous and may run twice.
   *
   * `lazy` is for what can be made again from what is already safe (a transcript, a held fact): it commits without a
   * sync of its own and is synced with the next one, at the latest by `sync`.
   */
  write<T>(work: () => T, how?: { lazy?: boolean }): Promise<T>;
  /** Everything committed so far is on disk. Called before anything is told to the server: a position must not come twice. */
  sync(): Promise<void>;
  /** Called after every commit. */
  onCommit(listener: () => void): Disposable;
  /** Why the last write failed; null since one has succeeded. */
  readonly error: string | null;
  readonly setAside: string | undefined;
  bytes(): number;
}

/** A group this large is flushed without looking for more. */
const GROUP = 256;

interface Job {
  lazy: boolean;
  work: () => unknown;
  done: (value: unknown) => void;
  failed: (error: unknown) => void;
}

export function startJournal(path: string, log: Log): Journal {
  const { db, setAside } = openDatabase(path);
  if (setAside) log.error("journal.damaged", { setAside });
  const listeners = new Set<() => void>();
  let waiting: Job[] = [];
  let problem: string | null = null;
  let relaxed = false;
  let unsynced = false;
  let indexing = false;

  const transaction = db.transaction((jobs: Job[]) => jobs.map((job) => job.work()));

  function commit(jobs: Job[]): unknown[] {
    try {
      const values = transaction.immediate(jobs);
      settle(db, "committed");
      return values;
    } catch (error) {
      settle(db, "rolled back");
      throw error;
    }
  }

  /**
   * Flushes as soon as one turn of the event loop has brought nobody new. Without it the first of 16 writers starts a
   * sync while the others' requests are still being read (measured: groups of 9 instead of 15).
   */
  function gather(before: number): void {
    if (waiting.length > before && before < GROUP) return void setImmediate(gather, waiting.length);
    flush();
  }

  function flush(): void {
    const jobs = waiting;
    waiting = [];
    if (jobs.length === 0) return;
    level(jobs.every(({ lazy }) => lazy));
    let done = 0;
    try {
      for (const [at, value] of commit(jobs).entries()) jobs[at]?.done(value);
      done = jobs.length;
    } catch {
      done = alone(jobs);
    }
    if (done === 0) return;
    if (problem !== null) log.info("journal.writable");
    problem = null;
    // Whoever waits is answered first: what listens to commits may look into the journal again.
    setImmediate(tell);
    // Their loss costs nothing: they are read from the events again.
    if (!indexing && isPlenty(db)) void fold();
  }

  function tell(): void {
    for (const listener of listeners) listener();
  }

  async function fold(): Promise<void> {
    indexing = true;
    try {
      forget(db, await write(() => index(db), { lazy: true }));
    } catch {
      // Tried again after the next commit.
    }
    indexing = false;
  }

  /** In WAL mode NORMAL commits without a sync, FULL syncs the log with all that was committed before. */
  function level(lazy: boolean): void {
    if (lazy !== relaxed) db.run(`pragma synchronous = ${lazy ? "normal" : "full"}`);
    relaxed = lazy;
    unsynced = lazy;
  }

  function alone(jobs: Job[]): number {
    let done = 0;
    for (const job of jobs) {
      try {
        const [value] = commit([job]);
        job.done(value);
        done++;
      } catch (error) {
        job.failed(fault(error));
      }
    }
    return done;
  }

  /** The disk's refusals are our state; anything else is the caller's own error. */
  function fault(error: unknown): unknown {
    if (!(error instanceof Error && "code" in error && String(error.code).startsWith("SQLITE_"))) {
      return error;
    }
    if (problem === null) log.error("journal.unwritable", { error: brief(error) });
    problem = brief(error);
    return unwritable(error);
  }

  function write<T>(work: () => T, { lazy = false } = {}): Promise<T> {
    return new Promise((resolve, reject) => {
      if (waiting.length === 0) setImmediate(gather, 0);
      waiting.push({ lazy, work, done: (value) => resolve(value as T), failed: reject });
    });
  }

  return {
    db,
    setAside,
    get error() {
      return problem;
    },
    write,
    async sync() {
      if (unsynced) await write(() => db.query("update synced set n = n + 1").run());
    },
    onCommit(listener) {
      listeners.add(listener);
      return { [Symbol.dispose]: () => void listeners.delete(listener) };
    },
    bytes: () => size(path) + size(`${path}-wal`),
    async [Symbol.asyncDispose]() {
      flush();
      db.close();
    },
  };
}

function size(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
