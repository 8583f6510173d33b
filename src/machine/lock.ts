import { Database } from "bun:sqlite";
import { closeSync, lstatSync, openSync } from "node:fs";
import { dirname } from "node:path";
import { pause } from "../lib/backoff.ts";
import { privateFolder } from "../lib/file.ts";
import { PolarisError } from "../wire/error.ts";

/** Longer than the longest thing done under it: one renewal with its one repetition (25 s). */
const PATIENCE_MS = 40_000;
const LOOK_MS = 15;

/**
 * Holds a lock that all processes of this machine see. It is the operating system's own (taken through SQLite), so it
 * ends with its process, however that ends. The wait is a look every 15 ms and never blocks the event loop: the
 * recorder answers hooks meanwhile.
 */
export async function locked<T>(path: string, work: () => Promise<T> | T): Promise<T> {
  privateFolder(dirname(path));
  make(path);
  const end = performance.now() + PATIENCE_MS;
  for (;;) {
    const db = new Database(path, { create: true });
    try {
      if (take(db)) {
        return await work();
      }
    } finally {
      db.close();
    }
    if (performance.now() > end) {
      throw new PolarisError("credentials_unwritable", "The credentials are being changed.", {
        hint: `Another polaris process holds ${path} and does not let go.`,
      });
    }
    await pause(LOOK_MS / 2 + Math.random() * LOOK_MS);
  }
}

/** Only when it is missing: closing any handle of a file gives back all locks this process has on it (POSIX). */
function make(path: string): void {
  const before = lstatSync(path, { throwIfNoEntry: false });
  if (before?.isFile()) return;
  if (before) {
    throw new PolarisError("credentials_unwritable", `${path} must be a file, and no link.`);
  }
  try {
    closeSync(openSync(path, "ax", 0o600));
  } catch (error) {
    // Another process was faster.
    if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
  }
}

function take(db: Database): boolean {
  try {
    db.run("pragma busy_timeout = 0");
    db.run("begin exclusive");
    return true;
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "";
    if (code.startsWith("SQLITE_BUSY") || code.startsWith("SQLITE_LOCKED")) return false;
    throw error;
  }
}
