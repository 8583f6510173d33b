import { backoff, pause } from "../lib/backoff.ts";
import { brief, type Log } from "../lib/log.ts";
import { errorOf, type Reply, send } from "../machine/api.ts";
import { PolarisError } from "../wire/error.ts";
import { IngestAnswer } from "../wire/ingest.ts";
import type { Status } from "../wire/local.ts";
import type { Account, Accounts } from "./accounts.ts";
import { startChecker } from "./checker.ts";
import type { Journal } from "./journal.ts";
import {
  BATCH_BYTES,
  BATCH_EVENTS,
  type Batch,
  bodyOf,
  nextBatch,
  refuse,
  settle,
} from "./outbox.ts";
import { adopt, hasHomeless } from "./sessions.ts";

/** New events wait this long for company: one request for all that a burst of lines brings. */
const GATHER_MS = 30;
const TIMEOUT_MS = 30_000;
/** A session the server will not take now (no access, no such project) is tried again this often. */
const BLOCKED_MS = 60_000;

export interface Uplink extends AsyncDisposable {
  /** The credentials changed: what waited for them goes on. */
  retry(): void;
  readonly state: Status["server"];
}

interface Needs {
  journal: Journal;
  machine: { id: string; name: string };
  /** The sign-in whose sessions it sends. */
  name: string;
  accounts: Accounts;
  log: Log;
}

/** How the sending went: all went well, wait so long, or wait for other credentials. */
type Outcome = { next: "go" } | { next: "wait"; ms?: number | undefined } | { next: "sign-in" };

/**
 * Sends what the journal holds, in order, one batch at a time, until the server has it. The cursor of a session moves
 * only on the server's own word, so a request whose answer was lost is simply made again: ids make repeats harmless.
 */
export function startUplink({ journal, machine, name, accounts, log }: Needs): Uplink {
  const { db } = journal;
  const checker = startChecker({ journal, machine, log });
  const stop = new AbortController();
  const blocked = new Map<string, number>();
  const wait = backoff();
  /** Sessions to be sent one by one, to find the one the server will not take. */
  let apart: string[] = [];
  let bell = Promise.withResolvers<void>();
  let urge = Promise.withResolvers<void>();
  let limit = BATCH_EVENTS;
  /** An access token the server has refused: the next one is another, or this machine is signed out. */
  let spent: string | undefined;
  let state: Status["server"] = {
    url: accounts.named(name)?.url ?? "",
    state: "waiting",
    error: null,
    since: new Date().toISOString(),
    ackedAt: null,
  };

  function say(now: Status["server"]["state"], error: string | null): void {
    const url = accounts.named(name)?.url ?? "";
    if (state.state === now && state.error === error && state.url === url) return;
    if (state.state !== now) log.info(`uplink.${now}`, error === null ? {} : { error });
    state = {
      url,
      state: now,
      error,
      since: state.state === now ? state.since : new Date().toISOString(),
      ackedAt: state.ackedAt,
    };
  }

  async function run(): Promise<void> {
    while (!stop.signal.aborted) {
      bell = Promise.withResolvers<void>();
      try {
        await step();
      } catch (error) {
        if (error instanceof PolarisError && error.status === 401) {
          say("signed_out", error.message);
          await signedOut();
          continue;
        }
        say("waiting", brief(error));
        await rest(wait.next());
      }
    }
  }

  async function step(): Promise<void> {
    const account = accounts.named(name);
    // Gone with the next census.
    if (!account) return await rest();
    const token = await accounts.bearer(name, spent);
    const org = await accounts.orgOf(account, token);
    await takeIn(account, org);
    const only = apart.shift();
    const batch = nextBatch(db, { skip: skipped(), org, only, events: limit, bytes: BATCH_BYTES });
    if (batch.events.length === 0) {
      if (only !== undefined) return;
      const isKnown = state.state === "connected" && state.url === account.url;
      if (!isKnown && blocked.size === 0) return await greet({ url: account.url, token });
      const dueMs = await checker.run({ url: account.url, token }, org);
      if (dueMs !== 0) await idle(dueMs);
      return await pause(GATHER_MS, stop.signal);
    }
    await journal.sync();
    const outcome = await deliver({ url: account.url, token }, batch);
    if (outcome.next === "go") return;
    if (outcome.next === "sign-in") return await refuseToken(token);
    await rest(Math.max(wait.next(), outcome.ms ?? 0));
  }

  /** The same again with another token, or `bearer` says that there is none. A server that refuses even new ones waits. */
  async function refuseToken(token: string): Promise<void> {
    const isSecond = spent !== undefined;
    spent = token;
    if (isSecond) await rest(wait.next());
  }

  /** What was begun before anybody knew whose it is. */
  async function takeIn({ isCurrent }: Account, org: string): Promise<void> {
    const place = { profile: name, org, isCurrent };
    if (hasHomeless(db, place)) await journal.write(() => adopt(db, place));
  }

  /** Nothing to send, and not known whether it would arrive: status and status line must not guess. */
  async function greet(server: { url: string; token: string }): Promise<void> {
    const reply = await send(server, { path: "/me", timeoutMs: TIMEOUT_MS, signal: stop.signal });
    if (reply.status === 401) return await refuseToken(server.token);
    if (reply.status !== 200) {
      say("waiting", errorOf(reply).message);
      return await rest(Math.max(wait.next(), reply.retryAfterMs ?? 0));
    }
    spent = undefined;
    wait.reset();
    say("connected", null);
  }

  async function deliver(server: { url: string; token: string }, batch: Batch): Promise<Outcome> {
    const reply = await send(server, {
      method: "POST",
      path: "/ingest",
      type: "application/x-ndjson",
      body: bodyOf(machine, batch),
      timeoutMs: TIMEOUT_MS,
      signal: stop.signal,
    });
    if (reply.status === 200) return await accept(batch, reply);
    const error = errorOf(reply);
    if (reply.status === 401) return { next: "sign-in" };
    say("waiting", error.message);
    if (reply.status === 400 || reply.status === 413 || reply.status === 422) {
      return await narrow(batch, error);
    }
    if (reply.status === 429 || reply.status >= 500) {
      return { next: "wait", ms: reply.retryAfterMs };
    }
    return await setApart(batch, error);
  }

  async function accept(batch: Batch, reply: Reply): Promise<Outcome> {
    const answer = IngestAnswer.safeParse(reply.json);
    if (!answer.success) {
      say(
        "waiting",
        "The server's answer is not Polaris's; does a network's sign-in page stand between?",
      );
      return { next: "wait" };
    }
    const moved = await journal.write(() => settle(db, batch, answer.data), {
      lazy: true,
    });
    const refused = answer.data.refused.length;
    if (refused > 0) log.warn("uplink.refused", { refused, code: answer.data.refused[0]?.code });
    const waiting = new Set(answer.data.blocked.map(({ session }) => session));
    waiting.forEach(block);
    // What waits is shown beside "connected": a person may have to ask for access.
    say("connected", answer.data.blocked[0]?.message ?? (blocked.size > 0 ? state.error : null));
    state = { ...state, ackedAt: new Date().toISOString() };
    if (waiting.size > 0) log.warn("uplink.blocked", { sessions: waiting.size });
    spent = undefined;
    limit = Math.min(BATCH_EVENTS, limit * 2);
    if (!moved && waiting.size === 0) return { next: "wait" };
    wait.reset();
    for (const { id } of batch.sessions) if (!waiting.has(id)) blocked.delete(id);
    return { next: "go" };
  }

  /** One event spoils its batch, or the batch is too large: halves until the guilty one stands alone. */
  async function narrow(batch: Batch, error: PolarisError): Promise<Outcome> {
    if (batch.events.length > 1) {
      limit = Math.max(1, Math.floor(batch.events.length / 2));
      return { next: "go" };
    }
    const [guilty] = batch.events;
    if (!guilty) return { next: "wait" };
    const reason = `${error.code}: ${error.message}`;
    const aside = await journal.write(() => refuse(db, guilty, reason));
    log.warn("uplink.refused", { refused: 1, code: error.code });
    return aside ? { next: "go" } : await setApart(batch, error);
  }

  /** The server knows us and takes these sessions not now: the others' way is free. */
  async function setApart(batch: Batch, error: PolarisError): Promise<Outcome> {
    if (batch.sessions.length > 1) {
      apart = batch.sessions.map(({ id }) => id);
      return { next: "go" };
    }
    for (const { id } of batch.sessions) block(id);
    log.warn("uplink.blocked", { sessions: batch.sessions.length, code: error.code });
    return { next: "go" };
  }

  const block = (session: string) => void blocked.set(session, Date.now() + BLOCKED_MS);

  function skipped(): Set<string> {
    const now = Date.now();
    for (const [id, until] of blocked) if (until <= now) blocked.delete(id);
    return new Set(blocked.keys());
  }

  /**
   * Only other credentials help; asking again at once with these would only fill the server's log. After ten minutes
   * they are tried once more: the server may have thought better of a token.
   */
  async function signedOut(): Promise<void> {
    await rest(10 * BLOCKED_MS);
    spent = undefined;
    wait.reset();
  }

  /** Nothing can be sent: until the bell, a blocked session may be tried again, or a comparison is due. */
  async function idle(dueMs = Number.POSITIVE_INFINITY): Promise<void> {
    const first = Math.min(...[...blocked.values()].map((until) => until - Date.now()), dueMs);
    if (!Number.isFinite(first)) return await rest();
    await rest(Math.max(0, first), true);
  }

  /** With a time, waits it out: new events do not cut short what the server asked for. Without, until the bell. */
  async function rest(ms?: number, hearsBell = false): Promise<void> {
    if (stop.signal.aborted) return;
    if (ms === undefined) await Promise.race([urge.promise, bell.promise]);
    else {
      const rested = new AbortController();
      const ends = [urge.promise, pause(ms, rested.signal)];
      if (hearsBell) ends.push(bell.promise);
      await Promise.race(ends);
      rested.abort();
    }
    urge = Promise.withResolvers<void>();
  }

  const commits = journal.onCommit(() => bell.resolve());
  const running = run();
  return {
    get state() {
      return state;
    },
    retry() {
      blocked.clear();
      wait.reset();
      urge.resolve();
    },
    async [Symbol.asyncDispose]() {
      stop.abort();
      commits[Symbol.dispose]();
      bell.resolve();
      urge.resolve();
      await running;
    },
  };
}
