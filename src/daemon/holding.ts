import type { Database } from "bun:sqlite";
import { backoff, pause } from "../lib/backoff.ts";
import { brief, type Log } from "../lib/log.ts";
import { type Server, send } from "../machine/api.ts";

/** Advice is given up by the server after 20 s without a word of it. */
const TRIES = 4;

/**
 * Tells the server that advice is written down here. It cannot see that by itself: the connection of a laptop that
 * sleeps looks open for a quarter of an hour.
 */
export async function hold(
  server: Server,
  session: { project: string; name: string },
  injection: string,
  { log, signal }: { log: Log; signal: AbortSignal },
): Promise<void> {
  const path = `/projects/${session.project}/sessions/${session.name}/injections/${injection}/held`;
  const wait = backoff({ firstMs: 250, maxMs: 4_000 });
  for (let attempt = 0; attempt < TRIES && !signal.aborted; attempt++) {
    try {
      const request = { method: "POST", path, body: "{}", timeoutMs: 5_000, signal } as const;
      const { status } = await send(server, request);
      if (status < 500 && status !== 429) return;
    } catch (error) {
      if (!signal.aborted) log.info("advice.hold_failed", { error: brief(error) });
    }
    await pause(wait.next(), signal);
  }
}

/** What a session has written down and not handed over: said again with every new connection. */
export const heldOf = (db: Database, session: string): string[] =>
  db
    .query<{ id: string }, [string]>(
      "select id from advice where session = ? and state = 'waiting'",
    )
    .all(session)
    .map(({ id }) => id);
