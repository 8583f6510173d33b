import { turn } from "./pause.ts";

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
  const answer = await turn(args, "/resume");
  if (!answer) return;
  const { names } = answer;
  console.log(names ? `On the record again: ${names}.` : "Nothing was off the record.");
}
