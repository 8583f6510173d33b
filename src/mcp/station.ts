import { backoff, pause } from "../lib/backoff.ts";
import { uuid7 } from "../lib/uuid.ts";
import { type Inbox, post } from "../machine/inbox.ts";
import { ask } from "../machine/local.ts";
import type { Paths } from "../machine/paths.ts";
import { About, Handover } from "../wire/local.ts";
import type { ToolList } from "../wire/tools.ts";

/** The recorder is asked for again this often while it is away. */
const AGAIN = { firstMs: 100, maxMs: 2_000 };

/** The recorder's hand inside the agent: writes what it is handed into the session's inbox, each thing once. */
export function startStation({
  place,
  inbox,
  channel,
  learned,
}: {
  place: Pick<Paths, "socket">;
  inbox: Inbox | undefined;
  /** Says it on the agent's channel, where there is one. */
  channel: ((handover: Handover) => Promise<void>) | undefined;
  /** The recorder has said which tools there are. */
  learned: (tools: ToolList) => void;
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
          if (line) await take(JSON.parse(line));
        }
      } catch {
        // It is away, or went: it is looked for again.
      }
      await pause(wait.next(), stop.signal);
    }
  }

  /** What a newer recorder says beside is passed over. */
  async function take(said: unknown): Promise<void> {
    const about = About.safeParse(said);
    if (about.success) return learned(about.data.tools);
    const handover = Handover.safeParse(said);
    if (handover.success) await hand(handover.data);
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
        ways: [...(inbox ? ["socket"] : []), ...(channel ? ["channel"] : [])],
        written: [...written].map((key) => key.split(" ")[1]),
      }),
      signal: stop.signal,
      timeout: false,
    });
    if (!response.ok || !response.body) throw new Error(`the recorder answered ${response.status}`);
    return response.body;
  }

  async function hand(handover: Handover): Promise<void> {
    const { injection, way } = handover;
    let refused: string | undefined;
    const key = `${way} ${injection}`;
    if (!written.has(key)) {
      // Before it is written: what may have been written is never written again the same way.
      written.add(key);
      try {
        await say(handover);
      } catch {
        written.delete(key);
        refused = `The session's ${way} does not open.`;
      }
    }
    await ask(place, "/handed", { station: id, injection, refused });
  }

  async function say(handover: Handover): Promise<void> {
    const { injection, way, agentSession: session, content } = handover;
    if (way === "channel" && channel) return await channel(handover);
    if (way === "socket" && inbox) {
      return await post(inbox, { from: `polaris:${injection}`, session, content });
    }
    throw new Error(`there is no ${way}`);
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
