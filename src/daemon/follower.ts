import { existsSync, type FSWatcher, watch } from "node:fs";
import { dirname } from "node:path";
import type { Agent } from "../agents/agent.ts";
import { backoff, pause } from "../lib/backoff.ts";
import { brief, type Log } from "../lib/log.ts";
import type { Guard } from "../machine/guard/guard.ts";
import { bindingOf } from "./bindings.ts";
import { bury, LOOK_MS, lifeOf, remember } from "./gone.ts";
import { lastHeld, waits } from "./held.ts";
import type { Journal } from "./journal.ts";
import { type Compared, QUIET_MS, release } from "./release.ts";
import { readTail } from "./tail.ts";
import { addSubagent, close, subagentFiles, type Tail, tailsOf } from "./tails.ts";

/** While a turn is open a change must not be missed for long; fs.watch alone may be silent (network folders). */
const OPEN_MS = 250;
/** A turn that stopped growing this long ago is looked at slowly, whatever the hooks said: an Esc fires none. */
const OPEN_LIMIT_MS = 30_000;
/** One look for all that a burst of hooks and lines brings, and none in the way of the hooks' own answers. */
const GATHER_MS = 10;
const IDLE_MS = 30_000;
/** An agent writes its last lines (the cost of the session) while it ends. */
const LAST_WORDS_MS = 10_000;
const FORGOTTEN_MS = 24 * 3_600_000;

/** Follows one agent session: reads its transcripts as they grow and lets its hooks' facts go when their time comes. */
export interface Follower extends AsyncDisposable {
  /** Something happened; `open` and `close` tell of the turn. */
  poke(turn?: "open" | "close"): void;
  /** Resolves when all that was in the files at the time of the call is written down, and lets every held fact go. */
  finish(): Promise<void>;
}

interface Needs {
  journal: Journal;
  agent: Agent;
  guard: Guard;
  agentSession: string;
  log: Log;
  /** Nothing is read before the spool has been taken up: its hooks stand before what the transcript tells next. */
  ready: Promise<void>;
  /** Called when there is nothing left to follow; the next hook begins again. */
  ended: () => void;
}

export function startFollower({
  journal,
  agent,
  guard,
  agentSession,
  log,
  ready,
  ended,
}: Needs): Follower {
  const { db } = journal;
  const stop = new AbortController();
  const stopped = Promise.withResolvers<void>();
  const watchers = new Map<string, FSWatcher>();
  let isWatching = false;
  let turnOpen = false;
  let grownAt = Date.now();
  let dirty = true;
  let final = false;
  let compared: Compared = { n: 0, pos: 0 };
  let alarm = Promise.withResolvers<void>();

  function poke(turn?: "open" | "close"): void {
    if (turn) turnOpen = turn === "open";
    if (turn === "open") grownAt = Date.now();
    dirty = true;
    alarm.resolve();
  }

  /** One look: every transcript up to its end, then the facts. Answers how long nothing is due. */
  async function look(): Promise<number | undefined> {
    const bound = bindingOf(db, agentSession);
    if (!bound || bound.state === "left") return undefined;
    const upTo = lastHeld(db);
    const life = lifeOf(bound);
    isWatching = life.is === "running";
    if (life.is === "running" && life.process !== bound.process) {
      await journal.write(() => remember(db, bound, life.process), { lazy: true });
    }
    await findSubagents(bound.transcript);
    let hasFile = false;
    for (const tail of tailsOf(db, agentSession)) {
      hasFile ||= observe(tail);
      if (await readTail({ journal, agent, guard }, tail, stop.signal)) {
        grownAt = Date.now();
        turnOpen ||= bound.state === "live";
      }
    }
    if (life.is === "gone" && bound.state === "live") await journal.write(() => bury(db, bound));
    if (!waits(db, agentSession)) return undefined;
    const { session } = bound;
    const moment = { agentSession, session, upTo, grownAt, hasFile, final, compared };
    const released = await journal.write(() => release(db, moment), { lazy: true });
    compared = released.compared;
    return released.next;
  }

  async function findSubagents(transcript: string | null): Promise<void> {
    const folder = transcript ? agent.subagentsFolder(transcript) : undefined;
    if (!folder) return;
    const known = new Set(tailsOf(db, agentSession).map(({ path }) => path));
    const fresh = subagentFiles(folder).filter(([path]) => !known.has(path));
    if (fresh.length === 0) return;
    await journal.write(() => {
      for (const [path, id] of fresh) addSubagent(db, agentSession, path, id);
    });
  }

  /** Watches the file, or its folder until there is one. Answers whether the file is there. */
  function observe({ path }: Tail): boolean {
    const there = existsSync(path);
    const target = there ? path : dirname(path);
    if (watchers.has(target)) return there;
    if (there) {
      watchers.get(dirname(path))?.close();
      watchers.delete(dirname(path));
    }
    try {
      const watcher = watch(target, (type) => {
        // Created, moved or replaced: what is watched is no longer what the name means.
        if (type === "rename") unwatch(target);
        poke();
      });
      watcher.on("error", () => unwatch(target));
      watchers.set(target, watcher);
    } catch {
      // Not there yet, or no watches left: the slow look is the truth.
    }
    return there;
  }

  function unwatch(target: string): void {
    watchers.get(target)?.close();
    watchers.delete(target);
  }

  async function run(): Promise<void> {
    await Promise.race([ready, stopped.promise]);
    const retry = backoff({ firstMs: 250, maxMs: 5_000 });
    while (!stop.signal.aborted) {
      await pause(GATHER_MS, stop.signal);
      // Its end is rung on the alarm, too, and the next line makes a new one.
      if (stop.signal.aborted) break;
      alarm = Promise.withResolvers<void>();
      dirty = false;
      let due: number | undefined;
      try {
        due = await look();
        retry.reset();
      } catch (error) {
        // Nothing is lost: the offset has not moved, the facts are still held.
        log.warn("follow.failed", { error: brief(error) });
        if (final) break;
        await pause(retry.next(), stop.signal);
        continue;
      }
      if (dirty) continue;
      const quietFor = Date.now() - grownAt;
      if (due === undefined && isOver(quietFor)) break;
      const poll = turnOpen && quietFor < OPEN_LIMIT_MS ? OPEN_MS : restOf(quietFor);
      const rest = new AbortController();
      await Promise.race([
        alarm.promise,
        pause(Math.max(1, Math.min(due ?? poll, poll)), rest.signal),
      ]);
      rest.abort();
    }
    for (const target of [...watchers.keys()]) unwatch(target);
    if (stop.signal.aborted) return;
    await journal.write(() => close(db, agentSession)).catch(() => undefined);
    // A hook that came while this was written must not wait for the next one.
    if (dirty && !final) return run();
    ended();
  }

  /** A closed turn is looked at until it has been quiet; then only the watchers speak. */
  const restOf = (quietFor: number) =>
    quietFor < QUIET_MS ? QUIET_MS : isWatching ? LOOK_MS : IDLE_MS;

  function isOver(quietFor: number): boolean {
    if (final) return true;
    const state = bindingOf(db, agentSession)?.state;
    if (state === "live") return quietFor > FORGOTTEN_MS;
    return state !== "ended" || quietFor > LAST_WORDS_MS;
  }

  const running = run();
  return {
    poke,
    async finish() {
      final = true;
      poke();
      await running.catch(() => undefined);
    },
    async [Symbol.asyncDispose]() {
      stop.abort();
      stopped.resolve();
      alarm.resolve();
      await running;
    },
  };
}
