import { glance } from "../agents/claude/glance.ts";
import type { Handover, HookAnswer, HookCall } from "../wire/local.ts";
import { input, post } from "./dial.ts";
import { polarisHome } from "./home.ts";
import { jot } from "./jot.ts";
import { keep } from "./keep.ts";
import { type Libc, openLibc } from "./libc.ts";

/** Connecting, writing and the answer together. A daemon that hangs must not be felt by the agent. */
const LIMIT_MS = 300;
/** A bell was rung to fetch something: nobody waits for its hook, and the recorder may first look whether it is still wanted. */
const BELL_MS = 8_000;

export const help = `
Usage: polaris hook [--agent claude] < payload.json

Called by coding agents, not by people. Hands what comes on standard input to this machine's recorder: on the slate of
its session in $POLARIS_HOME/slates, or, where none hangs, within ${LIMIT_MS} ms by a call; when nobody listens, leaves it
in $POLARIS_HOME/spool for later. Prints nothing, unless there is advice for the agent to read, and exits 0.

Options:
  --agent NAME           which agent calls (default: claude)
  --bell                 the recorder has rung: fetch what it has (exits with 2 when the agent is to be woken)

Example:
  echo '{"session_id":"s1","hook_event_name":"Stop"}' | polaris hook --agent claude
`;

/** Never fails the agent: whatever happens, no error is printed and the exit code is 0. */
export async function run(args: string[]): Promise<void> {
  let code = 0;
  try {
    const home = polarisHome();
    const isBell = args.includes("--bell");
    const libc = isBell ? undefined : openLibc();
    const payload = libc ? input(libc) : await (await long()).input();
    const at = args.indexOf("--agent");
    const pid = Number(process.env.CLAUDE_PID);
    const call: HookCall = {
      // Made here: a call that arrives twice is one call.
      id: Bun.randomUUIDv7(),
      at: new Date(performance.timeOrigin).toISOString(),
      agent: (at >= 0 && args[at + 1]) || "claude",
      ...(Number.isSafeInteger(pid) && pid > 0 ? { pid } : {}),
      inbox: Boolean(process.env.CLAUDE_CODE_MESSAGING_SOCKET),
      payload,
    };
    const body = JSON.stringify(call);
    const session = isBell || call.agent !== "claude" ? undefined : glance(payload);
    const slates = `${home}/slates`;
    const isLeft =
      session !== undefined &&
      (libc ? jot(libc, slates, session, body) : (await long()).jot(slates, session, body));
    if (!isLeft) code = await ask(libc, { home, id: call.id, body, isBell });
  } catch {
    // Neither daemon nor spool could take it. The transcript still has what happened.
  }
  // A connection that the far end keeps open must not keep the agent waiting. Nobody listens for the end of this
  // program, so the way that asks them is left out (0.2 ms).
  process.reallyExit(code);
}

interface Wish {
  home: string;
  id: string;
  body: string;
  isBell: boolean;
}

/** Calls the recorder, or leaves the call for when there is one. Answers the exit code. */
async function ask(libc: Libc | undefined, { home, id, body, isBell }: Wish): Promise<number> {
  const socket = `${home}/daemon.sock`;
  const answer = libc
    ? post(libc, socket, body, LIMIT_MS)
    : await (await long()).post(socket, body, isBell ? BELL_MS : LIMIT_MS, isBell);
  if (answer) {
    return answer.output || answer.wake || answer.handovers ? await say(answer, id, home) : 0;
  }
  if (!isBell) await leave(libc, `${home}/spool`, id, body);
  return 0;
}

/** As `machine/left.ts` has it; what is shared with others becomes one more file to load. */
const COMMON = "calls.jsonl";

/** For the next recorder: on the slate that all share or, where none hangs, in a file of its own. */
async function leave(libc: Libc | undefined, spool: string, id: string, body: string) {
  const isLeft = libc
    ? jot(libc, spool, COMMON, body) || keep(libc, spool, id, body)
    : (await long()).jot(spool, COMMON, body);
  if (!isLeft) (await long()).keep(spool, id, body, COMMON);
}

const long = () => import("./hook-long.ts");

/** Written at once, because this program does not wait for streams at its end. Answers the exit code. */
async function say(answer: HookAnswer, call: string, home: string) {
  const { output, wake, handovers, receipt } = answer;
  const { writeSync } = await import("node:fs");
  if (output) writeSync(1, output);
  if (wake) writeSync(2, wake);
  if (receipt) await given(call, home);
  for (const handover of handovers ?? []) await handOver(handover, call, home);
  return wake ? 2 : 0;
}

/** Where the recorder cannot be told, the transcript tells it. */
async function given(call: string, home: string): Promise<void> {
  const { ask: tell } = await import("../machine/local.ts");
  const body = { call, given: true };
  await tell({ socket: `${home}/daemon.sock` }, "/given", body, LIMIT_MS).catch(() => undefined);
}

async function handOver(handover: Handover, station: string, home: string): Promise<void> {
  const { injection, agentSession: session, content } = handover;
  const { inboxOf, post: write } = await import("../machine/inbox.ts");
  const { ask: tell } = await import("../machine/local.ts");
  const inbox = inboxOf(process.env);
  let refused = inbox ? undefined : "This session has no inbox.";
  if (inbox) {
    await write(inbox, { from: `polaris:${injection}`, session, content }).catch(() => {
      refused = "The session's inbox does not open.";
    });
  }
  await tell({ socket: `${home}/daemon.sock` }, "/handed", { station, injection, refused });
}
