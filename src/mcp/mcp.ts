import { Server } from "@modelcontextprotocol/sdk/server/index.js";
import { StdioServerTransport } from "@modelcontextprotocol/sdk/server/stdio.js";
import { CallToolRequestSchema, ListToolsRequestSchema } from "@modelcontextprotocol/sdk/types.js";
import { inboxOf } from "../machine/inbox.ts";
import { ask } from "../machine/local.ts";
import type { Paths } from "../machine/paths.ts";
import { PolarisError } from "../wire/error.ts";
import { TOOLS, type ToolAnswer, ToolList } from "../wire/tools.ts";
import { CHANNEL, isChannel, speak } from "./channel.ts";
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
  const running = new Set<Promise<unknown>>();
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
  server.setRequestHandler(CallToolRequestSchema, async ({ params }) => {
    const answer = use(place, params.name, params.arguments ?? {});
    running.add(answer);
    const { text, isError } = await answer.finally(() => running.delete(answer));
    return { content: [{ type: "text", text }], ...(isError ? { isError } : {}) };
  });
  const transport = new StdioServerTransport();
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
  await server.close();
}

/** The recorder's absence is an answer that says what to do, not a failure of the protocol. */
async function use(
  place: Paths,
  tool: string,
  input: Record<string, unknown>,
): Promise<ToolAnswer> {
  try {
    return await ask<ToolAnswer>(
      place,
      "/tool",
      { pid: process.ppid, agentSession: process.env.CLAUDE_CODE_SESSION_ID, tool, input },
      30_000,
    );
  } catch (error) {
    if (!(error instanceof PolarisError)) throw error;
    return { text: `Not connected: ${error.message} ${error.hint}`.trim(), isError: true };
  }
}
