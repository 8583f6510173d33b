import { Database } from "bun:sqlite";
import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import type { Paths } from "../machine/paths.ts";
import { PolarisError } from "../wire/error.ts";

/**
 * One daemon per machine and home. The lock is the operating system's own (taken through SQLite, the one portable way
 * that Bun offers): it ends with its process, however that ends, so there is no stale lock and no reused pid to fear.
 * The pid file beside it is for people.
 */
export function lock(place: Pick<Paths, "lock" | "pid">): Disposable {
  const db = new Database(place.lock, { create: true });
  try {
    chmodSync(place.lock, 0o600);
    db.run("pragma busy_timeout = 0");
    db.run("begin exclusive");
  } catch (error) {
    db.close();
    if (!isBusy(error)) throw error;
    throw new PolarisError("already_running", `A recorder already runs${holder(place.pid)}.`, {
      hint: "polaris status tells how it is doing.",
      cause: error,
    });
  }
  writeFileSync(place.pid, `${process.pid}\n`, { mode: 0o600 });
  return {
    [Symbol.dispose]() {
      db.run("rollback");
      db.close();
    },
  };
}

function holder(path: string): string {
  try {
    return ` (pid ${readFileSync(path, "utf8").trim()})`;
  } catch {
    // It has taken the lock and not written its number yet.
    return "";
  }
}

function isBusy(error: unknown): boolean {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  return code.startsWith("SQLITE_BUSY") || code.startsWith("SQLITE_LOCKED");
}
