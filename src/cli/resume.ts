import { ask } from "../machine/local.ts";
import { paths } from "../machine/paths.ts";
import type { Paused } from "../wire/local.ts";
import { parse } from "./args.ts";

export const help = `
Goes on recording from now on. What was said off the record stays unsaid.

Usage: polaris resume [options]

Inside an agent its own session is meant, elsewhere (or with --all) everything that was paused.

Options:
  --agent-session ID   the agent's own session id (default: $CLAUDE_CODE_SESSION_ID)
  --all                the whole machine, also inside an agent
  --polaris-home DIR   (default: $POLARIS_HOME or ~/.polaris)
  --json               print {"sessions":[…]}: those that it changed

Examples:
  polaris resume
  polaris resume --all
`;

export async function run(args: string[]): Promise<void> {
  const { values } = parse({
    args,
    options: {
      "agent-session": { type: "string", default: process.env.CLAUDE_CODE_SESSION_ID ?? "" },
      all: { type: "boolean", default: false },
      "polaris-home": { type: "string" },
      json: { type: "boolean" },
    },
  });
  const one = values.all || !values["agent-session"] ? undefined : values["agent-session"];
  const answer = await ask<Paused>(paths(values["polaris-home"]), "/resume", { agentSession: one });
  if (values.json) return void console.log(JSON.stringify(answer));
  const names = answer.sessions.map(({ project, name }) => `${project}/${name}`).join(", ");
  console.log(names ? `On the record again: ${names}.` : "Nothing was off the record.");
}
