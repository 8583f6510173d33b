import { spawn, spawnSync } from "node:child_process";
import { closeSync, openSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { until } from "../lib/until.ts";
import { PolarisError } from "../wire/error.ts";
import type { Cluster } from "./cluster.ts";
import { PORT, socketFolder } from "./socket.ts";

/** A running PostgreSQL, ours or found running: either way known by its pid. */
export interface Postmaster {
  pid: number;
  socket: string;
  /** False while it starts, recovers or stops. */
  isReady: boolean;
}

/** The PostgreSQL that really serves this cluster now, if any. */
export function running(folder: string): Postmaster | undefined {
  const found = claimed(folder);
  return found && isAlive(found.pid) && commandOf(found.pid).includes(folder) ? found : undefined;
}

/** What postmaster.pid says; its process may be gone, or be another program by now. */
function claimed(folder: string): Postmaster | undefined {
  const lines = read(join(folder, "postmaster.pid")).split("\n");
  const pid = Number(lines[0]);
  if (!(pid > 1)) return undefined;
  return { pid, socket: lines[4] ?? "", isReady: lines[7]?.trim() === "ready" };
}

/**
 * Starts PostgreSQL and waits until it takes connections. It gets a session of its own, because Ctrl-C reaches the
 * whole terminal's group and would end it before the server has drained; so it also outlives a kill -9 of Polaris.
 */
export async function launch(
  cluster: Cluster,
  folder: string,
  socket?: string,
): Promise<Postmaster> {
  const where = socket ?? socketFolder(cluster);
  // After a kill -9 of the postmaster its children hold the shared memory for some milliseconds more.
  for (let attempt = 1; ; attempt++) {
    const failure = await attemptOnce(cluster, folder, where);
    if (typeof failure !== "string") return failure;
    if (attempt === 50 || !failure.includes("shared memory block")) {
      throw new PolarisError("database_failed", `PostgreSQL did not start: ${failure}`, {
        hint: `Its log is in ${join(folder, "log")}.`,
      });
    }
    await Bun.sleep(100);
  }
}

/**
 * A batch is some blocks of memory of 0.1 to 1 MB, which glibc gives back to the kernel and fetches again with each
 * statement: 2 page faults an event, 4–8 % of its processor time. Up to 4 MB a connection stay with it (mallopt(3)).
 */
const KEEP = { MALLOC_MMAP_THRESHOLD_: "4194304", MALLOC_TRIM_THRESHOLD_: "4194304" };

async function attemptOnce(
  { programs, owner, home, progress }: Cluster,
  folder: string,
  socket: string,
): Promise<Postmaster | string> {
  if (!running(folder)) forget(folder, socket);
  const output = join(home, "postgresql.start.log");
  const file = openSync(output, "w", 0o600);
  const child = spawn(
    join(programs.folder, "bin/postgres"),
    [
      "-D",
      folder,
      "-p",
      String(PORT),
      "-c",
      `unix_socket_directories="${socket.replaceAll('"', '""')}"`,
    ],
    {
      ...owner,
      cwd: "/",
      env: { PATH: process.env.PATH ?? "", ...KEEP },
      stdio: ["ignore", file, file],
      detached: true,
    },
  );
  closeSync(file);
  let ended: string | undefined;
  child.on("error", (error) => {
    ended = error.message;
  });
  child.on("exit", (code, signal) => {
    ended ??= `exit ${code ?? signal}`;
  });
  child.unref();
  const slow = setTimeout(() => progress("PostgreSQL is recovering from a crash"), 3_000);
  try {
    // Recovery replays the log since the last checkpoint: minutes at worst, so only its own end is a failure.
    return await until(
      () => {
        if (ended) return reason(read(output)) ?? ended;
        const found = claimed(folder);
        return found?.pid === child.pid && found?.isReady ? found : undefined;
      },
      { timeoutMs: 600_000, what: "PostgreSQL to start" },
    );
  } finally {
    clearTimeout(slow);
  }
}

/** Fast shutdown (sessions are ended, a checkpoint is written); after 10 s without the checkpoint. */
export async function stop({ pid }: Postmaster): Promise<void> {
  for (const [signal, timeoutMs] of [
    ["SIGINT", 10_000],
    ["SIGQUIT", 5_000],
    ["SIGKILL", 5_000],
  ] as const) {
    if (!isAlive(pid)) return;
    try {
      process.kill(pid, signal);
      await until(() => !isAlive(pid), { timeoutMs, everyMs: 5 });
      return;
    } catch {
      // Not gone in time: the next signal is a harder one.
    }
  }
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    // EPERM: alive, of another user.
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
  // A zombie whose parent never asks (process 1 of some containers) answers to signals and does nothing else.
  return process.platform !== "linux" || !/^State:\s+Z/m.test(read(`/proc/${pid}/status`));
}

/**
 * PostgreSQL refuses to start when the process of its pid file seems alive: a zombie, or another program that got the
 * number. Two postmasters are still impossible: the second finds the cluster's shared memory in use.
 */
function forget(folder: string, socket: string): void {
  rmSync(join(folder, "postmaster.pid"), { force: true });
  rmSync(join(socket, `.s.PGSQL.${PORT}.lock`), { force: true });
}

function commandOf(pid: number): string {
  if (process.platform === "linux") return read(`/proc/${pid}/cmdline`).replaceAll("\0", " ");
  return spawnSync("ps", ["-o", "command=", "-p", String(pid)], { encoding: "utf8" }).stdout ?? "";
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

/** The line that says why; PostgreSQL writes hints and stack-like context around it. */
function reason(output: string): string | undefined {
  return output
    .split("\n")
    .find((line) => /FATAL|PANIC|could not|error/i.test(line))
    ?.replace(/^.*?(FATAL|PANIC|LOG): +/, "")
    .slice(0, 300);
}
