import { pause } from "../../src/lib/backoff.ts";
import { readFrames } from "../../src/web/client/frames.ts";

/**
 * Follows a project's live stream as a client that is often cut off: it comes again with the id of the last event it
 * has seen, and keeps the number of every event in the order in which they came.
 */
export function startReader(url: string, token: string, project: string) {
  const seen: number[] = [];
  const stop = new AbortController();
  let connections = 0;

  async function run(): Promise<void> {
    while (!stop.signal.aborted) {
      await follow().catch(() => undefined);
      await pause(50, stop.signal);
    }
  }

  async function follow(): Promise<void> {
    const response = await fetch(`${url}/projects/${project}/events?after=0`, {
      headers: {
        authorization: `Bearer ${token}`,
        ...(seen.length ? { "last-event-id": String(seen.at(-1)) } : {}),
      },
      signal: stop.signal,
    });
    if (!response.ok || !response.body) return;
    connections++;
    await readFrames(
      response.body,
      ({ event, data }) => {
        const value: unknown = event === "event" ? JSON.parse(data) : undefined;
        if (value && typeof value === "object" && "seq" in value) seen.push(Number(value.seq));
      },
      () => {},
    );
  }

  const running = run();
  return {
    project,
    seen,
    get connections() {
      return connections;
    },
    async [Symbol.asyncDispose]() {
      stop.abort();
      await running;
    },
  };
}
export type Reader = ReturnType<typeof startReader>;
