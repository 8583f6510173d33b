import { Server } from "@modelcontextprotocol/sdk/server/index.js";
import {
  CallToolRequestSchema,
  ListToolsRequestSchema,
  type RequestId,
} from "@modelcontextprotocol/sdk/types.js";
import { inboxOf } from "../machine/inbox.ts";
import type { Paths } from "../machine/paths.ts";
import { TOOLS, ToolList } from "../wire/tools.ts";
import { startCalls } from "./calls.ts";
import { CHANNEL, isChannel, speak } from "./channel.ts";
import { startPipe } from "./pipe.ts";
import { startStation } from "./station.ts";

/** Stands in the model's context of every session. */
export const INSTRUCTIONS =
  "Polaris records this session for teammates. Their messages begin with 'Advice from a teammate'; answer with polaris_reply.";

/**
 * One per agent session, on standard input and output, which belong to the protocol: nothing else is ever printed.
 * Ends when the agent closes its end. What the tools are and do, the recorder says: it may be newer than this process.
 */
export async function serveMcp({
  place,
  version,
}: {
  place: Paths;
  version: string;
}): Promise<void> {
  const calls = startCalls({ place });
  const running = new Set<Promise<unknown>>();
  /** The calls whose answers hold advice, by the agent's own ids. */
  const carried = new Map<RequestId, string>();
  let tools = ToolList.parse(TOOLS);
  const hasChannel = isChannel(process.ppid);
  const server = new Server(
    { name: "polaris", version },
    {
      capabilities: { tools: { listChanged: true }, ...(hasChannel ? CHANNEL : {}) },
      instructions: INSTRUCTIONS,
    },
  );
  server.setRequestHandler(ListToolsRequestSchema, () => ({
    tools: tools.map(({ name, description, inputSchema, isReading, isReady }) => ({
      name,
      description,
      inputSchema,
      ...(isReading ? { annotations: { readOnlyHint: true } } : {}),
      ...(isReady ? { _meta: { "anthropic/alwaysLoad": true } } : {}),
    })),
  }));
  server.setRequestHandler(CallToolRequestSchema, async ({ params }, { requestId, signal }) => {
    const { name: tool, arguments: input = {} } = params;
    const isOnce = tools.some(({ name, isOnce }) => name === tool && isOnce);
    const answer = calls.use({ tool, input, isOnce });
    running.add(answer);
    const { id, text, isError, receipt } = await answer.finally(() => running.delete(answer));
    if (receipt) {
      carried.set(requestId, id);
      // An answer that is no longer wanted is not sent.
      const drop = () => carried.delete(requestId) && calls.settle(id, false);
      if (signal.aborted) drop();
      else signal.addEventListener("abort", drop, { once: true });
    }
    return { content: [{ type: "text", text }], ...(isError ? { isError } : {}) };
  });
  const transport = startPipe((answerTo) => {
    const call = carried.get(answerTo);
    if (call && carried.delete(answerTo)) calls.settle(call, true);
  });
  const { promise: ended, resolve } = Promise.withResolvers<void>();
  server.onclose = resolve;
  process.stdin.once("end", resolve);
  process.stdin.once("close", resolve);
  await server.connect(transport);
  const station = startStation({
    place,
    inbox: inboxOf(process.env),
    channel: hasChannel ? (handover) => speak(server, handover) : undefined,
    learned(known) {
      if (JSON.stringify(known) === JSON.stringify(tools)) return;
      tools = known;
      void server.sendToolListChanged().catch(() => undefined);
    },
  });
  await ended;
  await station[Symbol.asyncDispose]();
  // Requests that came before the end of the input still get their answers.
  while (running.size > 0) await Promise.allSettled(running);
  await Bun.sleep(0);
  await calls[Symbol.asyncDispose]();
  await server.close();
}
