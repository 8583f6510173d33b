import type { HookCall } from "../wire/local.ts";
import { polarisHome } from "./home.ts";

/** Connecting, writing and the answer together. A daemon that hangs must not be felt by the agent. */
const LIMIT_MS = 300;

export const help = `
Usage: polaris hook [--agent claude] < payload.json

Called by coding agents, not by people. Hands what comes on standard input to this machine's recorder within
${LIMIT_MS} ms; when nobody listens, leaves it in $POLARIS_HOME/spool for later. Prints nothing and always exits 0.

Options:
  --agent NAME           which agent calls (default: claude)

Example:
  echo '{"session_id":"s1","hook_event_name":"Stop"}' | polaris hook --agent claude
`;

/** Never fails the agent: whatever happens, nothing is printed and the exit code is 0. */
export async function run(args: string[]): Promise<void> {
  try {
    await deliver(await read(args));
  } catch {
    // Neither daemon nor spool could take it. The transcript still has what happened.
  }
  // A connection that the far end keeps open must not keep the agent waiting. Nobody listens for the end of this
  // program, so the way that asks them is left out (0.2 ms).
  process.reallyExit(0);
}

async function read(args: string[]): Promise<HookCall> {
  const at = args.indexOf("--agent");
  const pid = Number(process.env.CLAUDE_PID);
  return {
    id: Bun.randomUUIDv7(),
    at: new Date(performance.timeOrigin).toISOString(),
    agent: (at >= 0 && args[at + 1]) || "claude",
    ...(Number.isSafeInteger(pid) && pid > 0 ? { pid } : {}),
    payload: await input(),
  };
}

/** By its stream, which is read here and now: `text()` starts a thread for it (measured: 0.7 ms). */
async function input(): Promise<string> {
  const parts: Uint8Array[] = [];
  for await (const part of Bun.stdin.stream()) parts.push(part);
  return Buffer.concat(parts).toString();
}

async function deliver(call: HookCall): Promise<void> {
  const home = polarisHome();
  const body = JSON.stringify(call);
  if (await post(`${home}/daemon.sock`, body)) return;
  // Loaded only now: `node:fs` alone is a seventh of the time this program takes when the daemon is there.
  const { privateFolder, writeAtomic } = await import("../lib/file.ts");
  const spool = privateFolder(`${privateFolder(home)}/spool`);
  writeAtomic(`${spool}/${call.id}.json`, body);
}

/** True when the daemon has written it down. The id is in the call, so a call that arrives twice is one call. */
async function post(unix: string, body: string): Promise<boolean> {
  try {
    const answer = await fetch("http://polaris/hook", {
      unix,
      method: "POST",
      headers: { "content-type": "application/json" },
      body,
      signal: AbortSignal.timeout(LIMIT_MS),
    });
    return answer.ok;
  } catch {
    return false;
  }
}
