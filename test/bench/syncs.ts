import { readFileSync } from "node:fs";
import { join } from "node:path";
import { temporary } from "../helpers/temp.ts";
import type { Load } from "./lib.ts";

/** How many syncs a process makes for a call, counted by strace in a run of its own (it slows what it watches). */
export async function syncsOf(
  pid: number,
  attachMs: number,
  run: () => Promise<Load>,
): Promise<string> {
  if (!Bun.which("strace")) return "syncs not counted: strace is not installed";
  await using folder = temporary("polaris-bench-");
  const file = join(folder.path, "syncs");
  const calls = ["-f", "-c", "-e", "trace=fsync,fdatasync", "-o", file, "-p", String(pid)];
  const strace = Bun.spawn(["strace", ...calls], { stderr: "pipe" });
  const late = setTimeout(() => strace.kill("SIGINT"), 30_000);
  // It says so on standard error once it is attached.
  await Promise.race([strace.stderr.getReader().read(), Bun.sleep(attachMs)]);
  const done = await run();
  strace.kill("SIGINT");
  await strace.exited;
  clearTimeout(late);
  const total = readFileSync(file, "utf8")
    .split("\n")
    .filter((line) => /\bf(data)?sync\b/.test(line))
    .reduce((sum, line) => sum + Number(line.trim().split(/\s+/)[3] ?? 0), 0);
  if (total === 0) return "syncs not counted: strace saw none";
  return `${(total / done.n).toFixed(2)} syncs a call (strace: ${total} for ${done.n})`;
}
