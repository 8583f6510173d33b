/**
 * A folder in memory for what tests leave behind and throw away. They make some forty PostgreSQL clusters of a thousand
 * files each and unpack as many executables: on a disk that others use too, initdb took 1.4 s instead of 0.45, and a
 * whole run a fifth longer.
 */
import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statfsSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";

const MEMORY = "/dev/shm";
/** The most that was in use at once was 1.4 GB. */
const NEEDED = 6e9;

/** Its path, or undefined where the system's own temp folder has to do: no such memory, too little, or no programs in it. */
export function claimMemory(): string | undefined {
  try {
    clearDead();
    const { bavail, bsize } = statfsSync(MEMORY);
    if (Math.min(bavail * bsize, available()) < NEEDED) return undefined;
    // Short, as paths of sockets below it may have 107 bytes; and without the word that tests look for in what agents say.
    const folder = join(MEMORY, `plrs-${process.pid}`);
    mkdirSync(folder);
    chmodSync(folder, 0o1777);
    const probe = join(folder, "probe");
    writeFileSync(probe, "#!/bin/sh\nexit 7\n", { mode: 0o755 });
    if (Bun.spawnSync([probe]).exitCode === 7) return folder;
    rmSync(folder, { recursive: true });
    return undefined;
  } catch {
    // No Linux, or a system that forbids it.
    return undefined;
  }
}

/** What a run left that was killed. */
function clearDead(): void {
  for (const name of readdirSync(MEMORY)) {
    const [, pid] = /^plrs-(\d+)$/.exec(name) ?? [];
    if (pid && !isAlive(Number(pid))) rmSync(join(MEMORY, name), { recursive: true, force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}

function available(): number {
  const text = readFileSync("/proc/meminfo", "utf8");
  return Number(/^MemAvailable:\s+(\d+) kB/m.exec(text)?.[1] ?? 0) * 1024;
}
