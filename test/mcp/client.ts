import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { ToolListChangedNotificationSchema } from "@modelcontextprotocol/sdk/types.js";
import { z } from "zod";
import { program } from "../helpers/service.ts";

const Said = z.looseObject({
  content: z.array(z.looseObject({ text: z.string() })),
  isError: z.boolean().optional(),
});

/** A call is repeated for 10 s while the recorder is away; what takes longer hangs, and a test has time left to say so. */
const LIMIT_MS = 15_000;

/** `polaris mcp` and the agent's side of it; the agent's process is this one. */
export async function startAgent(env: Record<string, string>, agentSession = "one") {
  const [command = "", ...args] = program;
  const transport = new StdioClientTransport({
    command,
    args: [...args, "mcp"],
    env: { ...env, CLAUDE_CODE_SESSION_ID: agentSession },
    stderr: "pipe",
  });
  const client = new Client({ name: "agent", version: "1" });
  let changes = 0;
  let complaints = "";
  transport.stderr?.on("data", (bytes) => {
    complaints += bytes;
  });
  client.setNotificationHandler(ToolListChangedNotificationSchema, () => {
    changes++;
  });

  /** What it said on its standard error stands with what failed. */
  async function told<T>(what: string, answer: Promise<T>): Promise<T> {
    try {
      return await answer;
    } catch (error) {
      const said = complaints ? `\n${complaints}` : " It said nothing on its standard error.";
      throw new Error(`polaris mcp gave no answer to ${what}.${said}`, { cause: error });
    }
  }

  await told("its start", client.connect(transport, { timeout: LIMIT_MS }));
  return {
    client,
    changes: () => changes,
    tools: async () =>
      (await told("tools/list", client.listTools(undefined, { timeout: LIMIT_MS }))).tools,
    /** What a tool answers, in words. */
    async use(name: string, input: Record<string, unknown> = {}, signal?: AbortSignal) {
      const how = { timeout: LIMIT_MS, ...(signal ? { signal } : {}) };
      const call = client.callTool({ name, arguments: input }, undefined, how);
      const said = Said.parse(await told(name, call));
      return { text: said.content.map(({ text }) => text).join("\n"), isError: said.isError };
    },
    /** Its process ends at once, and its agent's does not. */
    async kill() {
      const { pid } = transport;
      if (pid !== null) process.kill(pid, "SIGKILL");
      await client.close();
    },
    [Symbol.asyncDispose]: () => client.close(),
  };
}
