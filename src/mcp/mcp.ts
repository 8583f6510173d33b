import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { StdioServerTransport } from "@modelcontextprotocol/sdk/server/stdio.js";
import { inboxOf } from "../machine/inbox.ts";
import { ask } from "../machine/local.ts";
import type { Paths } from "../machine/paths.ts";
import { PolarisError } from "../wire/error.ts";
import type { Status } from "../wire/local.ts";
import { startStation } from "./station.ts";

/**
 * One per agent session, on standard input and output, which belong to the protocol: nothing else is ever printed.
 * Ends when the agent closes its end.
 */
export async function serveMcp({
  place,
  version,
}: {
  place: Paths;
  version: string;
}): Promise<void> {
  const running = new Set<Promise<unknown>>();
  const server = new McpServer(
    { name: "polaris", version },
    { instructions: "Polaris records this session so that teammates can follow it." },
  );
  server.registerTool(
    "polaris_status",
    {
      title: "Polaris status",
      description:
        "Says whether this session is being recorded, into which project, and how much has reached the server.",
      annotations: { readOnlyHint: true },
    },
    async () => {
      const text = statusText(place);
      running.add(text);
      return { content: [{ type: "text", text: await text.finally(() => running.delete(text)) }] };
    },
  );
  const transport = new StdioServerTransport();
  const { promise: ended, resolve } = Promise.withResolvers<void>();
  server.server.onclose = resolve;
  process.stdin.once("end", resolve);
  process.stdin.once("close", resolve);
  await server.connect(transport);
  const station = startStation({ place, inbox: inboxOf(process.env) });
  await ended;
  await station[Symbol.asyncDispose]();
  // Requests that came before the end of the input still get their answers.
  while (running.size > 0) await Promise.allSettled(running);
  await Bun.sleep(0);
  await server.close();
}

async function statusText(place: Paths): Promise<string> {
  try {
    const status = await ask<Status>(place, "/status");
    const own = process.env.CLAUDE_CODE_SESSION_ID;
    const bound = status.bindings.find(({ agentSession }) => agentSession === own);
    if (!bound)
      return "Not connected: this session is not recorded. /polaris join <project> records it.";
    const { project, name, events, acked } = bound;
    return `Connected: recorded as ${project}/${name}, ${acked} of ${events} events on the server (${status.server.state}).`;
  } catch (error) {
    if (error instanceof PolarisError) return `Not connected: ${error.message} ${error.hint}`;
    throw error;
  }
}
