import { closeSync, constants, fstatSync, fsyncSync, openSync, statSync, writeSync } from "node:fs";
import { privateFolder, writeAtomic } from "../lib/file.ts";
import type { HookAnswer } from "../wire/local.ts";

/** Between two calls that get no answer. */
const AGAIN_MS = 200;

/** As keep.ts has it, and makes what is not there: the folders, and the slate for those who come next. */
export function keep(spool: string, id: string, body: string, slate: string): void {
  privateFolder(spool.slice(0, spool.lastIndexOf("/")));
  closeSync(openSync(`${privateFolder(spool)}/${slate}`, "a", 0o600));
  // Syncs the folder too, and with it the slate's name.
  writeAtomic(`${spool}/${id}.json`, body);
}

/** As jot.ts has it. */
export function jot(slates: string, session: string, body: string): boolean {
  const slate = `${slates}/${session}`;
  try {
    const fd = openSync(slate, constants.O_WRONLY | constants.O_APPEND);
    const line = Buffer.from(`\n${body}\n`);
    if (writeSync(fd, line) !== line.length || statSync(slate).ino !== fstatSync(fd).ino)
      return false;
    fsyncSync(fd);
    return true;
  } catch {
    return false;
  }
}

/** By its stream, which is read here and now: `text()` starts a thread for it (measured: 0.7 ms). */
export async function input(): Promise<string> {
  const parts: Uint8Array[] = [];
  for await (const part of Bun.stdin.stream()) parts.push(part);
  return Buffer.concat(parts).toString();
}

/**
 * As dial.ts has it, where the C library is not to be had: by what Bun has for it. A patient one makes the same call
 * again when its answer does not come, because the recorder may die before, and gets the same. A recorder that was not
 * even there has handed over nothing, and rings again when it is.
 */
export async function post(
  unix: string,
  body: string,
  limitMs: number,
  isPatient: boolean,
): Promise<HookAnswer | undefined> {
  const end = performance.now() + limitMs;
  const first = knock(unix);
  let answer = await told(first, body, limitMs);
  if (!isPatient || !(await first.open)) return answer;
  while (!answer && performance.now() < end) {
    await Bun.sleep(AGAIN_MS);
    answer = await told(knock(unix), body, end - performance.now());
  }
  return answer;
}

async function told({ open, answered, send, giveUp }: Knock, body: string, limitMs: number) {
  const socket = await open;
  if (!socket) return undefined;
  const content = Buffer.from(body);
  const head = `POST /hook HTTP/1.1\r\nhost: polaris\r\ncontent-type: application/json\r\ncontent-length: ${content.length}\r\n\r\n`;
  send(socket, Buffer.concat([Buffer.from(head), content]));
  // The first timer of a program costs 0.1 ms: it is made while the daemon works.
  setTimeout(giveUp, limitMs);
  const text = await answered;
  return text === undefined ? undefined : JSON.parse(text);
}

type Knock = ReturnType<typeof knock>;

/**
 * One call of HTTP in its plainest form: `fetch` brings a client with threads and pools of its own (0.4 ms). `answered`
 * is the body of a 200, or undefined for anything else.
 */
function knock(unix: string) {
  const { promise: answered, resolve } = Promise.withResolvers<string | undefined>();
  const left: Uint8Array[] = [];
  let answer = Buffer.alloc(0);

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
        answer = answer.length === 0 ? Buffer.from(bytes) : Buffer.concat([answer, bytes]);
        const end = answer.indexOf("\r\n\r\n");
        if (end < 0) return;
        const head = answer.toString("latin1", 0, end);
        if (!head.startsWith("HTTP/1.1 200 ")) return resolve(undefined);
        const length = Number(/content-length: *(\d+)/i.exec(head)?.[1] ?? 0);
        const body = answer.subarray(end + 4);
        if (body.length >= length) resolve(body.toString());
      },
      close: () => resolve(undefined),
      error: () => resolve(undefined),
    },
  }).catch(() => undefined);

  return {
    open,
    answered,
    send(socket: Bun.Socket, ...parts: Uint8Array[]) {
      left.push(...parts);
      write(socket);
    },
    giveUp: () => resolve(undefined),
  };
}
