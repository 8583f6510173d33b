import { Database } from "bun:sqlite";
import { readFileSync } from "node:fs";
import { until } from "../lib/until.ts";
import { PolarisError } from "../wire/error.ts";
import type { Status } from "../wire/local.ts";
import { ask } from "./local.ts";
import type { Paths } from "./paths.ts";

/** The recorder's own word, or undefined when it does not answer. */
export async function recorder(place: Paths, timeoutMs = 3000): Promise<Status | undefined> {
  return await ask<Status>(place, "/status", undefined, timeoutMs).catch(() => undefined);
}

/** Waits until the recorder answers. */
export async function untilRecording(place: Paths, timeoutMs = 20_000): Promise<Status> {
  return await until(() => recorder(place, 1000), { timeoutMs, everyMs: 50 }).catch((cause) => {
    throw new PolarisError("service_failed", "The recorder was started and does not answer.", {
      hint: `Its log says more: ${place.log}`,
      cause,
    });
  });
}

/** Ends the recorder that holds this home, however it is: asked first, then by force. Answers whether there was one. */
export async function stopRecorder(place: Paths): Promise<boolean> {
  if (!isHeld(place)) return false;
  const pid = (await recorder(place))?.pid ?? holder(place);
  if (pid === undefined) return false;
  for (const [signal, timeoutMs] of [
    ["SIGTERM", 10_000],
    ["SIGKILL", 5_000],
  ] as const) {
    try {
      process.kill(pid, signal);
    } catch {
      // Gone already.
    }
    // A stopped process (SIGSTOP) takes a signal only once it goes on.
    if (signal === "SIGTERM") wake(pid);
    const gone = await until(() => !isHeld(place), { timeoutMs, everyMs: 25 }).catch(() => false);
    if (!gone) continue;
    // The lock goes last, a moment before the process.
    await until(() => !isAlive(pid), { timeoutMs: 1000, everyMs: 10 }).catch(() => undefined);
    return true;
  }
  throw new PolarisError("service_failed", `The recorder (pid ${pid}) does not end.`, {
    hint: "End it by hand, then try again.",
  });
}

/** Whether a process holds the recorder's lock. The lock is the system's own and ends with its process. */
export function isHeld(place: Pick<Paths, "lock">): boolean {
  let db: Database | undefined;
  try {
    db = new Database(place.lock, { readwrite: true });
    db.run("pragma busy_timeout = 0");
    db.run("begin exclusive");
    db.run("rollback");
    return false;
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "";
    return code.startsWith("SQLITE_BUSY") || code.startsWith("SQLITE_LOCKED");
  } finally {
    db?.close();
  }
}

/** Who wrote the pid file; only meaningful while the lock is held. */
function holder(place: Pick<Paths, "pid">): number | undefined {
  try {
    const pid = Number(readFileSync(place.pid, "utf8").trim());
    return Number.isSafeInteger(pid) && pid > 1 ? pid : undefined;
  } catch {
    return undefined;
  }
}

/** A process that has ended and that nobody has waited for (in a container without an init) is no process any more. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  try {
    return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return process.platform !== "linux";
  }
}

function wake(pid: number): void {
  try {
    process.kill(pid, "SIGCONT");
  } catch {
    // Gone already.
  }
}
