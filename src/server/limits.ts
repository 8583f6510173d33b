import { ADVICE_A_MINUTE } from "../core/advice.ts";
import type { Caller } from "../core/caller.ts";
import { pause } from "../lib/backoff.ts";
import { type Rate, startBuckets } from "../lib/bucket.ts";
import { PolarisError } from "../wire/error.ts";

export interface Rates {
  /** Requests to the doors (GATES), per address: sign-ins write rows before anybody is known. */
  doors: Rate;
  /** Refused requests there (401, 403, 404, 410), per address: wrong codes and links. A device that polls is no guess. */
  guesses: Rate;
  /** Changes over the API, per token. */
  writes: Rate;
  /** Pieces of advice in a minute, per sender, by all doors and servers together. */
  advice: number;
  /** Events, per token, over all ways in. */
  events: Rate;
}

export const RATES: Rates = {
  // An office of a hundred machines behind one address renews its tokens about 7 times a minute, and all at once
  // after a restart.
  doors: { perSecond: 2, burst: 120 },
  guesses: { perSecond: 10 / 60, burst: 20 },
  writes: { perSecond: 50, burst: 1000 },
  advice: ADVICE_A_MINUTE,
  // A busy agent makes 5 events a second; a day's backlog of 100,000 is through in a quarter of a minute.
  events: { perSecond: 4000, burst: 40_000 },
};

/** Where somebody comes in who is not known yet. */
const GATES = /^\/(auth|claim|invite|join|login|device)(\/|$)/;
const REFUSALS = new Set([401, 403, 404, 410]);
/** A batch's answer waits at most this long for its events to be paid for; daemons give up after 30 s. */
const LONGEST_MS = 10_000;

/**
 * How often is too often. Everything is counted in this process: with several servers behind one balancer the limits
 * are so many times higher, which still stops guessing and floods.
 */
export function startLimits(given: Partial<Rates> = {}, stopping?: AbortSignal) {
  const rates = { ...RATES, ...given };
  const doors = startBuckets(rates.doors);
  const guesses = startBuckets(rates.guesses);
  const writes = startBuckets(rates.writes);
  const events = startBuckets(rates.events);
  const isGate = (url: string) => GATES.test(new URL(url).pathname);

  return {
    rates,
    /** Before a request is looked at. */
    arrive({ url }: Request, address: string | undefined): void {
      if (!isGate(url)) return;
      const key = networkOf(address);
      const wait = guesses.wait(key, 1) || doors.take(key);
      if (wait > 0) throw tooMany("Too many attempts from this address.", wait);
    },
    /** After it was answered. */
    answered({ url }: Request, address: string | undefined, status: number): void {
      if (REFUSALS.has(status) && isGate(url)) guesses.spend(networkOf(address));
    },
    write({ token }: Caller): void {
      const wait = writes.take(token);
      if (wait > 0) throw tooMany("Too many changes with this token.", wait);
    },
    /** Events of a script or hook, which are refused and sent again by whoever sent them. */
    post({ token }: Caller, count: number): void {
      const wait = events.take(token, count);
      if (wait > 0) throw tooMany("Too many events with this token.", wait);
    },
    /**
     * A machine's backlog is paced, not refused: what came is stored, and the answer waits until it is paid for; a
     * daemon has one batch on its way. Only who sends in parallel, 10 s ahead of the rate, is told to come back.
     */
    async pace<T>(
      { token }: Caller,
      work: () => Promise<{ count: number; answer: T }>,
    ): Promise<T> {
      const debt = events.wait(token, 0);
      if (debt > LONGEST_MS) throw tooMany("Too many events with this token.", debt - LONGEST_MS);
      const { count, answer } = await work();
      await pause(Math.min(LONGEST_MS, events.spend(token, count)), stopping);
      return answer;
    },
  };
}
export type Limits = ReturnType<typeof startLimits>;

/** Whoever has one IPv6 address has 2^64 of them. */
function networkOf(address = "unknown"): string {
  if (!address.includes(":")) return address;
  const [head = "", tail] = address.split("::");
  const first = head.split(":");
  if (tail === undefined) return first.slice(0, 4).join(":");
  const last = tail === "" ? [] : tail.split(":");
  const zeros = Array.from({ length: 8 - first.length - last.length }, () => "0");
  return [...first, ...zeros, ...last].slice(0, 4).join(":");
}

const tooMany = (message: string, waitMs: number): PolarisError =>
  new PolarisError("rate_limited", message, {
    hint: "Nothing was done; try again after the time in Retry-After.",
    retryAfter: Math.ceil(waitMs / 1000),
  });
