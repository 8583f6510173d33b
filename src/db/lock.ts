import { Database } from "bun:sqlite";
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { writeAtomic } from "../lib/file.ts";
import { PolarisError } from "../wire/error.ts";
import { openDataDir } from "./place.ts";

/** A connection that nobody refers to is closed by the garbage collector, and its lock is gone with it. */
const HELD = new Set<Database>();

/**
 * One server per data directory. The lock is SQLite's (a POSIX record lock), because the kernel drops it with the
 * process, also after kill -9, and children such as PostgreSQL do not inherit it. A pid file can do neither.
 */
export function lockDataDir(dataDir: string): Disposable {
  const folder = openDataDir(dataDir);
  const holder = join(folder, "server.pid");
  const database = new Database(join(folder, "server.lock"));
  try {
    database.run("PRAGMA locking_mode = EXCLUSIVE");
    database.run("BEGIN EXCLUSIVE");
  } catch (cause) {
    database.close();
    throw new PolarisError("already_running", `Another Polaris uses ${folder}${by(holder)}.`, {
      hint: "Stop it first, or choose another POLARIS_DATA_DIR.",
      cause,
    });
  }
  HELD.add(database);
  writeAtomic(holder, `${process.pid}\n`);
  return {
    [Symbol.dispose]() {
      rmSync(holder, { force: true });
      HELD.delete(database);
      database.close();
    },
  };
}

function by(holder: string): string {
  try {
    return ` (process ${readFileSync(holder, "utf8").trim()})`;
  } catch {
    return "";
  }
}
