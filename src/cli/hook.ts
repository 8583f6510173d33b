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
    const home = polarisHome();
    // While the connection is made, standard input is read.
    const connecting = knock(`${home}/daemon.sock`);
    await deliver(await read(args), home, connecting);
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

async function deliver(call: HookCall, home: string, connecting: Knock): Promise<void> {
  const body = Buffer.from(JSON.stringify(call));
  if (await post(connecting, body)) return;
  // Loaded only now: `node:fs` alone is a seventh of the time this program takes when the daemon is there.
  const { privateFolder, writeAtomic } = await import("../lib/file.ts");
  const spool = privateFolder(`${privateFolder(home)}/spool`);
  writeAtomic(`${spool}/${call.id}.json`, body.toString());
}

type Knock = ReturnType<typeof knock>;

/** HTTP in its plainest form: `fetch` brings a client with threads and pools of its own (0.4 ms). */
function knock(unix: string) {
  const { promise: answered, resolve } = Promise.withResolvers<boolean>();
  const left: Uint8Array[] = [];
  let answer = "";

  /** A socket takes what it has room for and says when there is more. */
  function write(socket: Bun.Socket): void {
    for (let part = left.shift(); part; part = left.shift()) {
      const taken = Math.max(0, socket.write(part));
      if (taken === part.length) continue;
      left.unshift(part.subarray(taken));
      return;
    }
  }

  const open = Bun.connect({
    unix,
    socket: {
      drain: write,
      data(_, bytes) {
        answer += bytes.toString();
        if (answer.includes("\r\n")) resolve(answer.startsWith("HTTP/1.1 200 "));
      },
      close: () => resolve(false),
      error: () => resolve(false),
    },
  }).catch(() => undefined);

  return {
    open,
    answered,
    send(socket: Bun.Socket, ...parts: Uint8Array[]) {
      left.push(...parts);
      write(socket);
    },
    giveUp: () => resolve(false),
  };
}

/** True when the daemon has written it down. The id is in the call, so a call that arrives twice is one call. */
async function post({ open, answered, send, giveUp }: Knock, body: Buffer): Promise<boolean> {
  const socket = await open;
  if (!socket) return false;
  const head = `POST /hook HTTP/1.1\r\nhost: polaris\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n`;
  send(socket, Buffer.concat([Buffer.from(head), body]));
  // The first timer of a program costs 0.1 ms: it is made while the daemon works.
  setTimeout(giveUp, LIMIT_MS);
  return await answered;
}
