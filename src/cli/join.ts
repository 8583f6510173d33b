import { ask } from "../machine/local.ts";
import { paths } from "../machine/paths.ts";
import { PolarisError } from "../wire/error.ts";
import type { Joined } from "../wire/local.ts";
import { parse } from "./args.ts";

export const help = `
Records a running agent session into a project, from now on. With the name of a session that somebody has handed
over, it goes on with that one: you take its seat, and the agent gets a brief of what was done.

Usage: polaris join <project> [name] [options]

Inside an agent its own session is meant; elsewhere the next one that begins in this directory.

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
  const joined = await ask<Joined>(paths(values["polaris-home"]), "/join", {
    ...(agentSession ? { agentSession } : {}),
    agent: values.agent,
    transcript: values.transcript,
    cwd: process.cwd(),
    project,
    name,
  });
  if (values.json) return void console.log(JSON.stringify(joined));
  const where = `${joined.project}/${joined.name}`;
  if (agentSession) console.log(`Recording into ${where}.`);
  else console.log(`The next agent session in this directory goes on with ${where}.`);
  if (joined.brief && agentSession) console.log(`\nWhat was done there so far:\n\n${joined.brief}`);
}
