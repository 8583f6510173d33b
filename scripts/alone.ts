/** What takes long and is made once for all: of several processes that need it, one makes it and the others wait. */
import { Database } from "bun:sqlite";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { until } from "../src/lib/until.ts";

const PATIENCE_MS = 200_000;

/** While no other process does something in this folder. The lock is the system's own, and ends with its process. */
export async function alone<T>(folder: string, work: () => Promise<T>): Promise<T> {
  mkdirSync(folder, { recursive: true });
  const lock = new Database(join(folder, "lock"), { create: true });
  const take = () => !!lock.run("begin exclusive");
  try {
    await until(take, { timeoutMs: PATIENCE_MS, everyMs: 100, what: "another process's work" });
    return await work();
  } finally {
    lock.close();
  }
}
