import { existsSync, readdirSync, watch } from "node:fs";
import { pause } from "../lib/backoff.ts";
import { brief, type Log } from "../lib/log.ts";
import { COMMON } from "../machine/left.ts";
import type { Paths } from "../machine/paths.ts";
import { PolarisError } from "../wire/error.ts";
import { HookCall } from "../wire/local.ts";
import type { Hooks } from "./hooks.ts";
import { files, gather, isCall, type Left } from "./left.ts";
import type { Slates } from "./slates.ts";

/** How soon what could not be taken up (the journal refused) is tried again. */
const AGAIN_MS = 10_000;
/**
 * So long a hook that has written on a slate is left alone: it is still syncing, and the journal's own sync beside it
 * made it 0.4 ms slower.
 */
const SOON_MS = 5;
/** How long what was taken up stays on a slate. */
const WIPE_MS = 1_000;
/** Watchers may miss something: the kernel keeps 16,384 changes for them. */
const LOOK_MS = 10_000;
/** So many share a sync. */
const GROUP = 64;
const STOP_MS = 1_000;

export interface Spool extends AsyncDisposable {
  /** Takes up what lies there now, in the order of the calls' ids, which is that of their time. */
  drain(): Promise<void>;
  /** As `drain`, for what must not overtake what stands on slates; undefined while nothing does. */
  before(): Promise<void> | undefined;
  /** Calls that wait, and files that were no hook call. */
  count(): { waiting: number; damaged: number };
}

/**
 * Takes up what hooks left: files in the spool, while no recorder listened, and lines on the slates, while nobody had
 * anything to say to them. Both go only after their content is in the journal.
 */
export function startSpool(needs: {
  place: Paths;
  take: Hooks["take"];
  slates: Slates;
  log: Log;
}): Spool {
  const { place, take, slates, log } = needs;
  let running: Promise<void> | undefined;
  let next: Promise<void> | undefined;
  let stopped = false;
  let retry: Timer | undefined;
  let soon: Timer | undefined;
  let wiping: Timer | undefined;
  let isEmpty = false;

  /** All that lies there now, and nothing that comes meanwhile: somebody may wait for the end of it. */
  async function pass(): Promise<void> {
    const all = gather(needs);
    for (let at = 0; at < all.length && !stopped; at += GROUP)
      await group(all.slice(at, at + GROUP));
    if (all.length === 0 || stopped) return;
    wiping ??= setTimeout(wipe, WIPE_MS);
    void drain();
  }

  /** In their order and all at once: what the journal is given in this order it writes in this order. */
  async function group(some: Left[]): Promise<void> {
    const results = await Promise.allSettled(some.map(one));
    const failed = results.find((result) => result.status === "rejected");
    if (failed) throw failed.reason;
  }

  async function one(left: Left): Promise<void> {
    const call = HookCall.safeParse(json(left.text()));
    if (!call.success) return left.damaged("no hook call");
    try {
      await take(call.data);
    } catch (error) {
      // One that can never be taken must not stand before those behind it.
      if (error instanceof PolarisError && error.code === "invalid_input") {
        return left.damaged(error.message);
      }
      throw error;
    }
    left.taken();
  }

  function wipe(): void {
    wiping = undefined;
    slates.wipe();
    void drain();
  }

  /** One pass that begins now, or when the one that runs has ended. */
  function drain(): Promise<void> {
    if (!running) {
      running = attempt();
      return running;
    }
    next ??= running.then(() => {
      next = undefined;
      return drain();
    });
    return next;
  }

  async function attempt(): Promise<void> {
    clearTimeout(retry);
    retry = undefined;
    try {
      await pass();
    } catch (error) {
      log.warn("spool.waiting", { error: brief(error) });
      if (!stopped) retry = setTimeout(() => void drain(), AGAIN_MS);
    } finally {
      running = undefined;
    }
  }

  /** One look for all that ask in the same turn: what was left before they did stands there by then. */
  function isAnything(): boolean {
    if (isEmpty) return false;
    isEmpty = slates.waiting() === 0;
    if (isEmpty) setImmediate(forget);
    return !isEmpty;
  }

  function drainSoon(): void {
    soon ??= setTimeout(() => {
      soon = undefined;
      void drain();
    }, SOON_MS);
  }

  function forget(): void {
    isEmpty = false;
  }

  const watchers = [
    watch(place.spool, (_, name) => {
      if (name === null || isCall(name)) void drain();
      else if (name.startsWith(COMMON)) drainSoon();
    }),
    watch(place.slates, drainSoon),
  ];
  const looking = setInterval(() => {
    slates.lookAll();
    slates.wipe();
    void drain();
  }, LOOK_MS);
  looking.unref();
  return {
    drain,
    before() {
      // When the journal refuses what lies there, it refuses this too.
      return retry || !(running || isAnything()) ? undefined : drain();
    },
    count: () => ({
      waiting: files(place.spool).length + slates.waiting(),
      damaged: existsSync(place.damaged) ? readdirSync(place.damaged).length : 0,
    }),
    async [Symbol.asyncDispose]() {
      for (const watcher of watchers) watcher.close();
      clearInterval(looking);
      slates[Symbol.dispose]();
      const late = new AbortController();
      await Promise.race([drain(), pause(STOP_MS, late.signal)]);
      late.abort();
      stopped = true;
      for (const timer of [retry, soon, wiping]) clearTimeout(timer);
      await running?.catch(() => undefined);
    },
  };
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
