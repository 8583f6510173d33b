import { bytes, grown, name, readAll, ready, type Speech, text } from "./libc.ts";

const UNIX = 1;
const STREAM = 1;
/** Nothing that is done with the socket waits by itself. */
const NONBLOCK = 0o4000;
/** A recorder that dies must not take this program with it. */
const NO_SIGNAL = 0x4000;

/** What came on standard input, and a way to tell the recorder of it. */
export interface Approach {
  payload: string;
  /** The body of a 200, or undefined for anything else; never later than the limit. */
  post(path: string, body: string, limitMs: number): Promise<string | undefined>;
}

/** The recorder is woken first, and standard input read meanwhile. */
export function approach(libc: Speech, unix: string): Approach {
  const fd = dial(libc, unix);
  return {
    payload: readAll(libc, 0),
    post: async (path, body, limitMs) =>
      fd === undefined ? undefined : exchange(libc, fd, request(path, body), limitMs),
  };
}

/** A socket to the recorder, or nothing when nobody listens. */
function dial({ socket, connect }: Speech, unix: string): number | undefined {
  const fd = socket(UNIX, STREAM | NONBLOCK, 0);
  // Its family in two bytes, the first the lower on all machines that we are built for.
  const address = name(`\u0001\0${unix}`);
  return fd >= 0 && connect(fd, address, address.length) === 0 ? fd : undefined;
}

function exchange(libc: Speech, fd: number, words: Uint8Array, limitMs: number) {
  const until = performance.now() + limitMs;
  const left = () => Math.max(0, until - performance.now());
  if (!say(libc, fd, words, left)) return undefined;
  let answer = new Uint8Array(65_536);
  for (let length = 0; ready(libc, fd, "in", left()); ) {
    const count = libc.read(fd, answer.subarray(length), (answer.length - length) | 0);
    if (count <= 0) return undefined;
    length += count;
    const body = bodyOf(answer.subarray(0, length));
    if (body !== undefined) return body ?? undefined;
    if (length === answer.length) answer = grown(answer);
  }
  return undefined;
}

/** HTTP in its plainest form. */
function request(path: string, body: string): Uint8Array {
  const content = bytes(body);
  const head = bytes(
    `POST ${path} HTTP/1.1\r\nhost: polaris\r\ncontent-type: application/json\r\ncontent-length: ${content.length}\r\n\r\n`,
  );
  const whole = new Uint8Array(head.length + content.length);
  whole.set(head);
  whole.set(content, head.length);
  return whole;
}

/** A socket takes what it has room for. */
function say(libc: Speech, fd: number, words: Uint8Array, left: () => number): boolean {
  for (let at = 0; at < words.length; ) {
    const taken = libc.send(fd, words.subarray(at), (words.length - at) | 0, NO_SIGNAL);
    if (taken > 0) at += taken;
    else if (left() === 0 || !ready(libc, fd, "out", left())) return false;
  }
  return true;
}

/** Undefined: there is more to come. Null: refused. */
function bodyOf(answer: Uint8Array): string | null | undefined {
  const said = text(answer);
  const end = said.indexOf("\r\n\r\n") + 4;
  if (end < 4) return undefined;
  if (!said.startsWith("HTTP/1.1 200 ")) return null;
  const length = Number(/content-length: *(\d+)/i.exec(said)?.[1] ?? 0);
  return answer.length < end + length ? undefined : text(answer.subarray(end, end + length));
}
