import { ask } from "../machine/local.ts";
import { paths } from "../machine/paths.ts";
import { PolarisError } from "../wire/error.ts";
import type { Binding } from "../wire/local.ts";
import { parse } from "./args.ts";

export const help = `
Records a running agent session into a project, from now on.

Usage: polaris join <project> [name] [options]

Options:
  --agent-session ID   the agent's own session id (default: $CLAUDE_CODE_SESSION_ID)
  --agent NAME         the coding agent (default: claude)
  --transcript FILE    its transcript, when the recorder has not met the session yet
  --polaris-home DIR   (default: $POLARIS_HOME or ~/.polaris)
  --json               print the binding

Examples:
  polaris join website
  polaris join website checkout-bug --agent-session 4ec3f0a2-9a0e-4f5c-8d0e-0d6f2a5f3b11
`;

export async function run(args: string[]): Promise<void> {
  const { values, positionals } = parse({
    args,
    allowPositionals: true,
    options: {
      "agent-session": { type: "string", default: process.env.CLAUDE_CODE_SESSION_ID ?? "" },
      agent: { type: "string", default: "claude" },
      transcript: { type: "string" },
      "polaris-home": { type: "string" },
      json: { type: "boolean" },
    },
  });
  const [project, name] = positionals;
  const agentSession = values["agent-session"];
  if (!project)
    throw new PolarisError("usage", "Which project?", { hint: "See polaris join --help." });
  if (!agentSession) {
    throw new PolarisError("usage", "Which agent session?", {
      hint: "Run it inside the agent, or give --agent-session ID.",
    });
  }
  const bound = await ask<Binding>(paths(values["polaris-home"]), "/join", {
    agentSession,
    agent: values.agent,
    transcript: values.transcript,
    cwd: process.cwd(),
    project,
    name,
  });
  console.log(
    values.json ? JSON.stringify(bound) : `Recording into ${bound.project}/${bound.name}.`,
  );
}
