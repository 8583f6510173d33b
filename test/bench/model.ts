/**
 * A model on loopback, for the real client: a prompt with `calls=20` in it is answered by 20 tool calls, one a message,
 * then by a text; anything else by a text. Notes when each request arrived and when its answer was through.
 */
import { z } from "zod";

const Request = z.looseObject({
  model: z.string(),
  messages: z.array(z.looseObject({ role: z.string(), content: z.unknown() })),
});

export interface Exchange {
  /** The prompt it belongs to, and how many of its calls were made before. */
  prompt: string;
  step: number;
  askedAt: number;
  answeredAt: number;
}

export function startModel() {
  const exchanges: Exchange[] = [];
  let number = 0;
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    idleTimeout: 0,
    async fetch(request) {
      const askedAt = performance.now();
      if (request.method !== "POST") return Response.json({ data: [], has_more: false });
      const body: unknown = await request.json();
      if (!new URL(request.url).pathname.endsWith("/v1/messages")) {
        return Response.json({ input_tokens: 100 });
      }
      const { model, messages } = Request.parse(body);
      const at = messages.findLastIndex(
        (one) => one.role === "user" && /run-\w+/.test(textOf(one.content)),
      );
      const prompt = /run-\w+/.exec(textOf(messages[at]?.content))?.[0] ?? "";
      const calls = Number(/calls=(\d+)/.exec(textOf(messages[at]?.content))?.[1] ?? 0);
      const step = at < 0 ? 0 : messages.slice(at).filter((one) => one.role === "assistant").length;
      const block =
        step < calls
          ? { type: "tool_use", id: `toolu_${++number}`, name: "Read", input: { file_path: FILE } }
          : { type: "text", text: "Done." };
      const answer = events(model, block, ++number);
      exchanges.push({ prompt, step, askedAt, answeredAt: performance.now() });
      return new Response(answer, { headers: { "content-type": "text/event-stream" } });
    },
  });
  return {
    url: `http://127.0.0.1:${server.port}`,
    exchanges,
    [Symbol.asyncDispose]: () => server.stop(true),
  };
}

/** Read by every call: a tool that starts no process, so that only the client's own work is measured. */
export const FILE = "note.txt";

/** The words of a message; results of tools are none. */
function textOf(content: unknown): string {
  if (typeof content === "string") return content;
  if (!Array.isArray(content)) return "";
  return content.map((block) => (block?.type === "text" ? String(block.text) : "")).join("\n");
}

function events(model: string, block: Record<string, unknown>, number: number): string {
  const isCall = block.type === "tool_use";
  const empty = isCall ? { ...block, input: {} } : { ...block, text: "" };
  const delta = isCall
    ? { type: "input_json_delta", partial_json: JSON.stringify(block.input) }
    : { type: "text_delta", text: block.text };
  const usage = { input_tokens: 100, output_tokens: 20 };
  const message = {
    id: `msg_${number}`,
    type: "message",
    role: "assistant",
    model,
    content: [],
    stop_reason: null,
    stop_sequence: null,
    usage,
  };
  return [
    { type: "message_start", message },
    { type: "content_block_start", index: 0, content_block: empty },
    { type: "content_block_delta", index: 0, delta },
    { type: "content_block_stop", index: 0 },
    {
      type: "message_delta",
      delta: { stop_reason: isCall ? "tool_use" : "end_turn", stop_sequence: null },
      usage,
    },
    { type: "message_stop" },
  ]
    .map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`)
    .join("");
}
