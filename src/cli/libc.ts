/**
 * The few calls of the C library that a hook is made of, on Linux, for whose numbers and layouts all that uses them is
 * written. `node:fs`, `Bun.stdin` and `Bun.connect` do the same and cost a program 1.0, 0.4 and 0.7 ms of its start,
 * `Buffer` 0.25; these cost 0.15 (Bun 1.4.5, where a hello world takes 3.6).
 */
const CALLS = {
  read: { args: ["i32", "ptr", "u32"], returns: "i32" },
  write: { args: ["i32", "ptr", "u32"], returns: "i32" },
  poll: { args: ["ptr", "u32", "i32"], returns: "i32" },
  socket: { args: ["i32", "i32", "i32"], returns: "i32" },
  connect: { args: ["i32", "ptr", "u32"], returns: "i32" },
  open: { args: ["ptr", "i32", "u32"], returns: "i32" },
  fsync: { args: ["i32"], returns: "i32" },
  rename: { args: ["ptr", "ptr"], returns: "i32" },
  readlink: { args: ["ptr", "ptr", "u32"], returns: "i32" },
} as const;

export type Libc = Record<keyof typeof CALLS, Call>;
type Call = (...args: (number | Uint8Array | Int32Array)[]) => number;

declare module "bun" {
  /**
   * What `bun:ffi` stands on, without its checks (0.15 ms more): a number must be an int32 and a buffer a typed array, or
   * what arrives is anything.
   */
  const FFI: { dlopen(library: string, calls: typeof CALLS): { symbols: Libc } | Error };
}

/** Nothing where there is no such library, or no leave to make code while running: then the long way is gone. */
export function openLibc(): Libc | undefined {
  if (process.platform !== "linux") return undefined;
  try {
    const opened = Bun.FFI.dlopen("libc.so.6", CALLS);
    return "symbols" in opened ? opened.symbols : undefined;
  } catch {
    return undefined;
  }
}
