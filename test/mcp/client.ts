import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { ToolListChangedNotificationSchema } from "@modelcontextprotocol/sdk/types.js";
import { z } from "zod";
import { program } from "../helpers/service.ts";

const Said = z.looseObject({
  content: z.array(z.looseObject({ text: z.string() })),
  isError: z.boolean().optional(),
});

/** `polaris mcp` and the agent's side of it; the agent's process is this one. */
export async function startAgent(env: Record<string, string>, agentSession = "one") {
  const [command = "", ...args] = program;
  const transport = new StdioClientTransport({
    command,
    args: [...args, "mcp"],
    env: { ...env, CLAUDE_CODE_SESSION_ID: agentSession },
    stderr: "ignore",
  });
  const client = new Client({ name: "agent", version: "1" });
  let changes = 0;
  client.setNotificationHandler(ToolListChangedNotificationSchema, () => {
    changes++;
  });
  await client.connect(transport);
  return {
    client,
    changes: () => changes,
    tools: async () => (await client.listTools()).tools,
    /** What a tool answers, in words. */
    async use(name: string, input: Record<string, unknown> = {}) {
      const said = Said.parse(await client.callTool({ name, arguments: input }));
      return { text: said.content.map(({ text }) => text).join("\n"), isError: said.isError };
    },
    [Symbol.asyncDispose]: () => client.close(),
  };
}
