import { chmodSync, lstatSync, unlinkSync } from "node:fs";
import { PolarisError } from "../wire/error.ts";

/** The name of a socket ends in a field of 108 bytes on Linux, 104 on macOS, with a zero at its end. */
const LONGEST = 103;

/** Largest hook payload: a tool's result of tens of megabytes, wrapped as JSON in JSON. */
const BODY_BYTES = 64 * 1024 * 1024;

/**
 * A line into an agent may be silent for hours; Bun cuts off an answer that is silent for 10 s. Its types know the
 * setting for ports only; sockets obey it all the same (tried with 1.4.5, where `server.timeout` does nothing here).
 */
const PATIENT: object = { idleTimeout: 0 };

type Answer = (request: Request) => Response | Promise<Response>;

interface Routes {
  table: Record<string, Partial<Record<"GET" | "POST", Answer>>>;
  other: Answer;
}

/**
 * Listens on a socket that only its owner can open. Called by the one who holds the lock, so a socket that lies there
 * was left by a daemon that died; anything that is no socket is not ours to remove.
 */
export function listen(path: string, { table, other }: Routes): AsyncDisposable {
  if (Buffer.byteLength(path) > LONGEST) {
    throw new PolarisError("invalid_input", `${path} is too long for a socket.`, {
      hint: `Choose a POLARIS_HOME so that the whole has at most ${LONGEST} bytes.`,
    });
  }
  const there = lstatSync(path, { throwIfNoEntry: false });
  if (there && !there.isSocket()) {
    throw new PolarisError("conflict", `${path} is there and is no socket; it was left alone.`, {
      hint: "Move it away, then start the recorder again.",
    });
  }
  if (there) unlinkSync(path);
  const before = process.umask(0o077);
  try {
    const server = Bun.serve({
      unix: path,
      routes: table,
      fetch: other,
      maxRequestBodySize: BODY_BYTES,
      ...PATIENT,
      development: false,
    });
    chmodSync(path, 0o600);
    return {
      async [Symbol.asyncDispose]() {
        await server.stop(true);
        if (lstatSync(path, { throwIfNoEntry: false })?.isSocket()) unlinkSync(path);
      },
    };
  } finally {
    process.umask(before);
  }
}
