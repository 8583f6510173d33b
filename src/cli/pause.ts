import { ask } from "../machine/local.ts";
import { paths } from "../machine/paths.ts";
import type { Paused } from "../wire/local.ts";
import { parse } from "./args.ts";

export const help = `
Takes a session off the record: what is said from now on is written nowhere, also not later. The session
shows that there was a pause, and when.

Usage: polaris pause [options]

Inside an agent its own session is meant, elsewhere (or with --all) this machine: every running session and
every one that begins meanwhile.

Options:
  --agent-session ID   the agent's own session id (default: $CLAUDE_CODE_SESSION_ID)
  --all                the whole machine, also inside an agent
  --polaris-home DIR   (default: $POLARIS_HOME or ~/.polaris)
  --json               print {"sessions":[…]}: those that it changed

Examples:
  polaris pause
  polaris pause --all
`;

export async function run(args: string[]): Promise<void> {
  const answer = await turn(args, "/pause");
  if (!answer) return;
  const { isOne, names } = answer;
  if (isOne) console.log(names ? `Off the record: ${names}.` : "It was off the record already.");
  else console.log(`This machine is off the record${names ? `: ${names}` : ""}.`);
  console.log("polaris resume goes on.");
}

/** Asks the recorder to pause or to resume what the options name. Answers nothing when it was printed as JSON. */
export async function turn(
  args: string[],
  route: "/pause" | "/resume",
): Promise<{ isOne: boolean; names: string } | undefined> {
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
  const answer = await ask<Paused>(paths(values["polaris-home"]), route, { agentSession: one });
  if (values.json) return void console.log(JSON.stringify(answer));
  const names = answer.sessions.map(({ project, name }) => `${project}/${name}`).join(", ");
  return { isOne: one !== undefined, names };
}
