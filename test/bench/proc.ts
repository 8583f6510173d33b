import { readdirSync, readFileSync } from "node:fs";

/** What the kernel says of a process (Linux). Clock ticks are 100 a second wherever Bun runs. */
const TICKS = 100;

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return ""; // it ended meanwhile
  }
}

/** The fields of /proc/<pid>/stat after the program's name, which may hold spaces. */
function stat(pid: number): string[] {
  const text = read(`/proc/${pid}/stat`);
  return text.slice(text.lastIndexOf(")") + 2).split(" ");
}

/** Processor seconds of one process and of those of its children that ended. */
export function cpuSeconds(pid: number): number {
  const fields = stat(pid);
  return [11, 12, 13, 14].reduce((sum, at) => sum + Number(fields[at] ?? 0), 0) / TICKS;
}

/** The process and all that descend from it. */
export function family(pid: number): number[] {
  const parents = new Map<number, number[]>();
  for (const name of readdirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const parent = Number(stat(Number(name))[1]);
    parents.set(parent, [...(parents.get(parent) ?? []), Number(name)]);
  }
  const found = [pid];
  for (const one of found) found.push(...(parents.get(one) ?? []));
  return found;
}

export const cpuOf = (pids: number[]): number =>
  pids.reduce((sum, pid) => sum + cpuSeconds(pid), 0);

function kilobytes(path: string, field: string): number {
  return Number(new RegExp(`^${field}:\\s+(\\d+) kB`, "m").exec(read(path))?.[1] ?? Number.NaN);
}

/** Resident megabytes. */
export const rss = (pid: number): number => kilobytes(`/proc/${pid}/status`, "VmRSS") / 1024;

/** Proportional: a page that n processes share counts a nth. The fair figure where they share a binary. */
export const pss = (pid: number): number => kilobytes(`/proc/${pid}/smaps_rollup`, "Pss") / 1024;
