import { ask } from "../machine/local.ts";
import { paths } from "../machine/paths.ts";
import { PolarisError } from "../wire/error.ts";
import { parse } from "./args.ts";

export const help = `
Stops recording an agent session. What was recorded stays; polaris join begins again.

Usage: polaris leave [options]

Options:
  --agent-session ID   the agent's own session id (default: $CLAUDE_CODE_SESSION_ID)
  --polaris-home DIR   (default: $POLARIS_HOME or ~/.polaris)
  --json               print {"left":true|false}

Examples:
  polaris leave
  polaris leave --agent-session 4ec3f0a2-9a0e-4f5c-8d0e-0d6f2a5f3b11
`;

export async function run(args: string[]): Promise<void> {
  const { values } = parse({
    args,
    options: {
      "agent-session": { type: "string", default: process.env.CLAUDE_CODE_SESSION_ID ?? "" },
      "polaris-home": { type: "string" },
      json: { type: "boolean" },
    },
  });
  const agentSession = values["agent-session"];
  if (!agentSession) {
    throw new PolarisError("usage", "Which agent session?", {
      hint: "Run it inside the agent, or give --agent-session ID.",
    });
  }
  const answer = await ask<{ left: boolean }>(paths(values["polaris-home"]), "/leave", {
    agentSession,
  });
  if (values.json) return void console.log(JSON.stringify(answer));
  console.log(answer.left ? "No longer recorded." : "It was not recorded.");
}
