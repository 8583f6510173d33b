import { z } from "zod";
import { pause } from "../../src/lib/backoff.ts";

/**
 * Stands in for the Anthropic Messages API, so that the real client runs without network and account. What it answers
 * is written in the prompt: `@@[{"text":"…"},{"tool":"Bash","input":{…}}]@@`, one step per answer; or given at the
 * start, by the prompt. It keeps no state: the number of answers after that prompt says which step is next, so retries
 * and side requests change nothing.
 */
const Step = z.strictObject({
  text: z.string().optional(),
  /** A tool call, after the text. */
  tool: z.string().optional(),
  input: z.record(z.string(), z.unknown()).default({}),
  /** Between two pieces of the stream. */
  delayMs: z.number().default(0),
  /** Before the first byte. */
  waitMs: z.number().default(0),
  /** An HTTP error in place of an answer. */
  error: z.object({ status: z.int(), type: z.string(), message: z.string() }).optional(),
});
export type Step = z.input<typeof Step>;
type Answer = z.output<typeof Step>;

const Block = z.looseObject({ type: z.string(), text: z.string().optional() });
const Messages = z.looseObject({
  model: z.string(),
  stream: z.boolean().default(false),
  messages: z.array(
    z.looseObject({ role: z.string(), content: z.union([z.string(), z.array(Block)]) }),
  ),
});
type Messages = z.output<typeof Messages>;

export interface Asked {
  path: string;
  /** The request's body as it came. */
  body: string;
  /** Which step of a script it got; undefined for side requests, which are answered "ok". */
  step: number | undefined;
}

/** A prompt that brings its own answers. */
export const scripted = (prompt: string, steps: Step[]): string =>
  `${prompt} @@${JSON.stringify(steps)}@@`;

/** `scripts`: answers to prompts that are typed without any; a prompt is known by its words. */
export function startModel(scripts: Readonly<Record<string, Step[]>> = {}) {
  const asked: Asked[] = [];
  const stop = new AbortController();
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    idleTimeout: 0,
    async fetch(request) {
      const path = new URL(request.url).pathname;
      const body = await request.text();
      if (request.method !== "POST" || path !== "/v1/messages") {
        asked.push({ path, body, step: undefined });
        if (path.endsWith("/count_tokens")) return Response.json({ input_tokens: 100 });
        return request.method === "HEAD" || path === "/" ? Response.json({}) : nothing(path);
      }
      const wanted = Messages.parse(JSON.parse(body));
      const { step, answer } = next(wanted, scripts);
      asked.push({ path, body, step });
      await pause(answer.waitMs, stop.signal);
      if (answer.error) return failure(answer.error);
      const message = messageOf(answer, wanted.model);
      if (!wanted.stream) return Response.json(message);
      return new Response(streamOf(message, answer.delayMs, stop.signal), {
        headers: { "content-type": "text/event-stream" },
      });
    },
  });
  return {
    url: `http://127.0.0.1:${server.port}`,
    /** Every request, in order. */
    asked,
    async [Symbol.asyncDispose]() {
      stop.abort();
      await server.stop(true);
    },
  };
}

function next(
  { messages }: Messages,
  scripts: Readonly<Record<string, Step[]>>,
): { step: number | undefined; answer: Answer } {
  for (let at = messages.length - 1; at >= 0; at--) {
    const message = messages[at];
    if (message?.role !== "user") continue;
    const words = textOf(message.content);
    const inline = [...words.matchAll(/@@(\[[\s\S]*?\])@@/g)].at(-1)?.[1];
    const given = Object.keys(scripts)
      .filter((prompt) => words.includes(prompt))
      // A failed prompt goes out again with the next one: the latest is the one to answer.
      .sort((one, other) => words.lastIndexOf(other) - words.lastIndexOf(one))[0];
    const script = inline ? JSON.parse(inline) : given && scripts[given];
    if (!script) continue;
    const step = messages.slice(at + 1).filter(({ role }) => role === "assistant").length;
    const steps = z.array(Step).parse(script);
    return { step, answer: steps[step] ?? OK };
  }
  return { step: undefined, answer: OK };
}

const OK = Step.parse({ text: "ok" });

const textOf = (content: Messages["messages"][number]["content"]): string =>
  typeof content === "string" ? content : content.map(({ text }) => text ?? "").join("\n");

interface Content {
  type: "text" | "tool_use";
  text?: string;
  id?: string;
  name?: string;
  input?: Record<string, unknown>;
}

function messageOf({ text, tool, input }: Answer, model: string) {
  const content: Content[] = [];
  if (text !== undefined) content.push({ type: "text", text });
  if (tool !== undefined) content.push({ type: "tool_use", id: mint("toolu"), name: tool, input });
  return {
    id: mint("msg"),
    type: "message",
    role: "assistant",
    model,
    content,
    stop_reason: tool === undefined ? "end_turn" : "tool_use",
    stop_sequence: null,
    usage: {
      input_tokens: 100,
      output_tokens: 10,
      cache_creation_input_tokens: 0,
      cache_read_input_tokens: 0,
    },
  };
}

const mint = (prefix: string): string => `${prefix}_${Bun.randomUUIDv7().replaceAll("-", "")}`;

/** As the service streams: the frame of a message, each block begun empty and filled by pieces. */
function streamOf(message: ReturnType<typeof messageOf>, delayMs: number, signal: AbortSignal) {
  const encoder = new TextEncoder();
  return new ReadableStream<Uint8Array>({
    async start(controller) {
      const send = (data: { type: string; [field: string]: unknown }) =>
        controller.enqueue(
          encoder.encode(`event: ${data.type}\ndata: ${JSON.stringify(data)}\n\n`),
        );
      send({ type: "message_start", message: { ...message, content: [], stop_reason: null } });
      for (const [index, block] of message.content.entries()) {
        const isText = block.type === "text";
        const content_block = isText ? { ...block, text: "" } : { ...block, input: {} };
        send({ type: "content_block_start", index, content_block });
        for (const piece of pieces(isText ? (block.text ?? "") : JSON.stringify(block.input))) {
          const delta = isText
            ? { type: "text_delta", text: piece }
            : { type: "input_json_delta", partial_json: piece };
          send({ type: "content_block_delta", index, delta });
          await pause(delayMs, signal);
        }
        send({ type: "content_block_stop", index });
      }
      const { stop_reason, usage } = message;
      send({ type: "message_delta", delta: { stop_reason, stop_sequence: null }, usage });
      send({ type: "message_stop" });
      controller.close();
    },
  });
}

const pieces = (text: string): string[] => text.match(/[\s\S]{1,24}/g) ?? [];

const failure = ({ status, type, message }: NonNullable<Answer["error"]>): Response =>
  Response.json({ type: "error", error: { type, message } }, { status });

const nothing = (path: string): Response =>
  failure({ status: 404, type: "not_found_error", message: `There is no ${path}.` });
