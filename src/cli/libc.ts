/**
 * The few calls of the C library that a hook is made of, on Linux, for whose numbers and layouts all that uses them is
 * written. `node:fs`, `Bun.stdin` and `Bun.connect` do the same and cost a program 1.0, 0.4 and 0.7 ms of its start,
 * `Buffer` 0.25; these cost 0.15 (Bun 1.4.5, where a hello world takes 3.6).
 */
type Call = (...args: (number | Uint8Array | Int32Array)[]) => number;

declare module "bun" {
  /**
   * What `bun:ffi` stands on, without its checks (0.15 ms more): a number must be an int32 and a buffer a typed array, or
   * what arrives is anything.
   */
  const FFI: {
    dlopen<Name extends string>(
      library: string,
      calls: Readonly<Record<Name, { args: readonly string[]; returns: "i32" }>>,
    ): { symbols: Record<Name, Call> } | Error;
  };
}

const LIBRARY = "libc.so.6";

/** What it takes to read what comes in and to speak to a socket. */
export const speech = () =>
  load({
    read: { args: ["i32", "ptr", "u32"], returns: "i32" },
    poll: { args: ["ptr", "u32", "i32"], returns: "i32" },
    socket: { args: ["i32", "i32", "i32"], returns: "i32" },
    connect: { args: ["i32", "ptr", "u32"], returns: "i32" },
    send: { args: ["i32", "ptr", "u32", "i32"], returns: "i32" },
  });
export type Speech = NonNullable<ReturnType<typeof speech>>;

/** What it takes to leave a file. */
export const files = () =>
  load({
    open: { args: ["ptr", "i32", "u32"], returns: "i32" },
    write: { args: ["i32", "ptr", "u32"], returns: "i32" },
    fsync: { args: ["i32"], returns: "i32" },
    rename: { args: ["ptr", "ptr"], returns: "i32" },
  });
export type Files = NonNullable<ReturnType<typeof files>>;

/** Nothing where there is no such library, or no leave to make code while running: then the long way is gone. */
function load<Name extends string>(
  calls: Record<Name, { args: string[]; returns: "i32" }>,
): Record<Name, Call> | undefined {
  if (process.platform !== "linux") return undefined;
  try {
    const opened = Bun.FFI.dlopen(LIBRARY, calls);
    return "symbols" in opened ? opened.symbols : undefined;
  } catch {
    return undefined;
  }
}

const encoder = new TextEncoder();
/** Like `Buffer.toString`: what is no UTF-8 is replaced, and a mark at the beginning stays. */
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

export const bytes = (text: string): Uint8Array => encoder.encode(text);
export const text = (bytes: Uint8Array): string => decoder.decode(bytes);
/** A string of C. */
export const name = (path: string): Uint8Array => encoder.encode(`${path}\0`);

const IN = 1;
const OUT = 4;

/** Waits until there is something to read, or room to write; false when the time is over. */
export function ready({ poll }: Speech, fd: number, way: "in" | "out", ms: number): boolean {
  return poll(new Int32Array([fd, way === "in" ? IN : OUT]), 1, Math.ceil(ms) | 0) > 0;
}

/** All that comes, to its end. */
export function readAll(libc: Speech, fd: number): string {
  let taken = new Uint8Array(65_536);
  let length = 0;
  for (let failed = 0; failed < 2; ) {
    const count = libc.read(fd, taken.subarray(length), (taken.length - length) | 0);
    if (count === 0) break;
    if (count < 0) {
      // Interrupted, or nothing there yet of what must not wait; if it is neither, it fails again at once.
      failed++;
      ready(libc, fd, "in", -1);
      continue;
    }
    failed = 0;
    length += count;
    if (length === taken.length) taken = grown(taken);
  }
  return text(taken.subarray(0, length));
}

export function grown(full: Uint8Array): Uint8Array<ArrayBuffer> {
  const larger = new Uint8Array(full.length * 4);
  larger.set(full);
  return larger;
}
