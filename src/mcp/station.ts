import { backoff, pause } from "../lib/backoff.ts";
import { uuid7 } from "../lib/uuid.ts";
import { type Inbox, post } from "../machine/inbox.ts";
import { ask } from "../machine/local.ts";
import type { Paths } from "../machine/paths.ts";
import { Handover } from "../wire/local.ts";

/** The recorder is asked for again this often while it is away. */
const AGAIN = { firstMs: 100, maxMs: 2_000 };

/** The recorder's hand inside the agent: writes what it is handed into the session's inbox, each thing once. */
export function startStation({
  place,
  inbox,
}: {
  place: Pick<Paths, "socket">;
  inbox: Inbox | undefined;
}): AsyncDisposable {
  const stop = new AbortController();
  const id = uuid7();
  /** Kept while this process lives: the recorder may die between the asking and the answer, and ask again. */
  const written = new Set<string>();

  async function run(): Promise<void> {
    const wait = backoff(AGAIN);
    while (!stop.signal.aborted) {
      try {
        for await (const line of lines(await open())) {
          wait.reset();
          if (line) await hand(Handover.parse(JSON.parse(line)));
        }
      } catch {
        // It is away, or went: it is looked for again.
      }
      await pause(wait.next(), stop.signal);
    }
  }

  async function open(): Promise<ReadableStream<Uint8Array>> {
    const response = await fetch("http://polaris/station", {
      unix: place.socket,
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({
        id,
        pid: process.ppid,
        agentSession: process.env.CLAUDE_CODE_SESSION_ID,
        ways: inbox ? ["socket"] : [],
        written: [...written],
      }),
      signal: stop.signal,
      timeout: false,
    });
    if (!response.ok || !response.body) throw new Error(`the recorder answered ${response.status}`);
    return response.body;
  }

  async function hand({ injection, agentSession, content }: Handover): Promise<void> {
    let refused: string | undefined;
    if (!inbox) refused = "This session has no inbox.";
    else if (!written.has(injection)) {
      // Before it is written: what may have been written is never written again.
      written.add(injection);
      try {
        await post(inbox, { from: `polaris:${injection}`, session: agentSession, content });
      } catch {
        written.delete(injection);
        refused = "The session's inbox does not open.";
      }
    }
    await ask(place, "/handed", { station: id, injection, refused });
  }

  const running = run();
  return {
    async [Symbol.asyncDispose]() {
      stop.abort();
      await running;
    },
  };
}

/** Line by line; an empty one says nothing. */
async function* lines(stream: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of stream) {
    rest += decoder.decode(chunk, { stream: true });
    const parts = rest.split("\n");
    rest = parts.pop() ?? "";
    yield* parts;
  }
}
