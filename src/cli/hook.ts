import type { Handover, HookAnswer, HookCall } from "../wire/local.ts";
import { polarisHome } from "./home.ts";
import { type Knock, knock } from "./knock.ts";

/** Connecting, writing and the answer together. A daemon that hangs must not be felt by the agent. */
const LIMIT_MS = 300;
/** A bell was rung to fetch something: nobody waits for its hook, and the recorder may first look whether it is still wanted. */
const BELL_MS = 8_000;
/** Between two calls of a bell's hook that gets no answer. */
const AGAIN_MS = 200;

export const help = `
Usage: polaris hook [--agent claude] < payload.json

Called by coding agents, not by people. Hands what comes on standard input to this machine's recorder within
${LIMIT_MS} ms; when nobody listens, leaves it in $POLARIS_HOME/spool for later. Prints nothing, unless there is
advice for the agent to read, and exits 0.

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
    // While the connection is made, standard input is read.
    const connecting = knock(`${home}/daemon.sock`);
    code = await deliver(await read(args), args.includes("--bell"), home, connecting);
  } catch {
    // Neither daemon nor spool could take it. The transcript still has what happened.
  }
  // A connection that the far end keeps open must not keep the agent waiting. Nobody listens for the end of this
  // program, so the way that asks them is left out (0.2 ms).
  process.reallyExit(code);
}

async function read(args: string[]): Promise<HookCall> {
  const at = args.indexOf("--agent");
  const pid = Number(process.env.CLAUDE_PID);
  return {
    id: Bun.randomUUIDv7(),
    at: new Date(performance.timeOrigin).toISOString(),
    agent: (at >= 0 && args[at + 1]) || "claude",
    ...(Number.isSafeInteger(pid) && pid > 0 ? { pid } : {}),
    inbox: Boolean(process.env.CLAUDE_CODE_MESSAGING_SOCKET),
    payload: await input(),
  };
}

/** By its stream, which is read here and now: `text()` starts a thread for it (measured: 0.7 ms). */
async function input(): Promise<string> {
  const parts: Uint8Array[] = [];
  for await (const part of Bun.stdin.stream()) parts.push(part);
  return Buffer.concat(parts).toString();
}

async function deliver(call: HookCall, isBell: boolean, home: string, connecting: Knock) {
  const body = Buffer.from(JSON.stringify(call));
  const answer = isBell
    ? await fetched(body, home, connecting)
    : await post(connecting, body, LIMIT_MS);
  if (answer) return await say(answer, call.id, home);
  if (isBell) return 0;
  // Loaded only now: `node:fs` alone is a seventh of the time this program takes when the daemon is there.
  const { privateFolder, writeAtomic } = await import("../lib/file.ts");
  const spool = privateFolder(`${privateFolder(home)}/spool`);
  writeAtomic(`${spool}/${call.id}.json`, body.toString());
  return 0;
}

/**
 * The recorder may die before its answer comes: the same call is made again, and gets the same. One that was not even
 * there has handed over nothing, and rings again when it is.
 */
async function fetched(body: Buffer, home: string, connecting: Knock) {
  const end = performance.now() + BELL_MS;
  if (!(await connecting.open)) return undefined;
  let answer = await post(connecting, body, BELL_MS);
  while (!answer && performance.now() < end) {
    await Bun.sleep(AGAIN_MS);
    answer = await post(knock(`${home}/daemon.sock`), body, end - performance.now());
  }
  return answer;
}

/** Written at once, because this program does not wait for streams at its end. Answers the exit code. */
async function say(answer: HookAnswer, call: string, home: string) {
  const { output, wake, handovers, receipt } = answer;
  if (!output && !wake && !handovers) return 0;
  const { writeSync } = await import("node:fs");
  if (output) writeSync(1, output);
  if (wake) writeSync(2, wake);
  if (receipt) await given(call, home);
  for (const handover of handovers ?? []) await handOver(handover, call, home);
  return wake ? 2 : 0;
}

/** Where the recorder cannot be told, the transcript tells it. */
async function given(call: string, home: string): Promise<void> {
  const { ask } = await import("../machine/local.ts");
  const body = { call, given: true };
  await ask({ socket: `${home}/daemon.sock` }, "/given", body, LIMIT_MS).catch(() => undefined);
}

async function handOver(handover: Handover, station: string, home: string): Promise<void> {
  const { injection, agentSession: session, content } = handover;
  const { inboxOf, post: write } = await import("../machine/inbox.ts");
  const { ask } = await import("../machine/local.ts");
  const inbox = inboxOf(process.env);
  let refused = inbox ? undefined : "This session has no inbox.";
  if (inbox) {
    await write(inbox, { from: `polaris:${injection}`, session, content }).catch(() => {
      refused = "The session's inbox does not open.";
    });
  }
  await ask({ socket: `${home}/daemon.sock` }, "/handed", { station, injection, refused });
}

/** The answer when the daemon has written it down. The id is in the call, so a call that arrives twice is one call. */
async function post({ open, answered, send, giveUp }: Knock, body: Buffer, limitMs: number) {
  const socket = await open;
  if (!socket) return undefined;
  const head = `POST /hook HTTP/1.1\r\nhost: polaris\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n`;
  send(socket, Buffer.concat([Buffer.from(head), body]));
  // The first timer of a program costs 0.1 ms: it is made while the daemon works.
  setTimeout(giveUp, limitMs);
  const text = await answered;
  if (text === undefined) return undefined;
  // Our own daemon's, behind a door that only its owner can open.
  const said: HookAnswer = JSON.parse(text);
  return said;
}
