import type { Db } from "../db/db.ts";
import { backoff, pause } from "../lib/backoff.ts";
import { brief, type Log } from "../lib/log.ts";
import * as inbox from "./agent-inbox.ts";
import type { Caller } from "./caller.ts";
import type { Feed } from "./feed.ts";

/** Bells may be lost. */
const POLL_MS = 3000;
const PAGE = 100;

/** What is said to agents, as it is said: each reader owns its cursor, bells only say when to look. */
export function startAgentStreams(db: Db, feed: Feed, log: Log) {
  const waiting = new Map<() => void, string>();
  feed.onRing((org) => {
    for (const [wake, of] of waiting) if (of === org) wake();
  });

  return async function* follow(
    caller: Caller,
    after: number,
    signal: AbortSignal,
  ): AsyncGenerator<{ seq: number; json: string }[]> {
    const retry = backoff({ maxMs: 5000 });
    for (let cursor = after; !signal.aborted; ) {
      const bell = new AbortController();
      const wake = () => bell.abort();
      waiting.set(wake, caller.org);
      try {
        const messages = await inbox.read(db, caller, { after: cursor, limit: PAGE });
        retry.reset();
        cursor = messages.at(-1)?.seq ?? cursor;
        if (messages.length > 0) {
          yield messages.map((it) => ({ seq: it.seq, json: JSON.stringify(it) }));
          continue;
        }
        await pause(POLL_MS, AbortSignal.any([signal, bell.signal]));
      } catch (error) {
        log.warn("agents.read_failed", { error: brief(error) });
        await pause(retry.next(), signal);
      } finally {
        waiting.delete(wake);
      }
    }
  };
}
