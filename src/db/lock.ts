import { Database } from "bun:sqlite";
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { writeAtomic } from "../lib/file.ts";
import { PolarisError } from "../wire/error.ts";

/**
 * One server per data directory. The lock is SQLite's (a POSIX record lock), because the kernel drops it with the
 * process, also after kill -9, and children such as PostgreSQL do not inherit it. A pid file can do neither.
 */
export function lockDataDir(dataDir: string): Disposable {
  const folder = resolve(dataDir);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
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
  writeAtomic(holder, `${process.pid}\n`);
  return {
    [Symbol.dispose]() {
      rmSync(holder, { force: true });
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
