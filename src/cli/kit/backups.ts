import { z } from "zod";
import { shelfAt } from "../../db/backup/shelf.ts";
import { pause } from "../../lib/backoff.ts";
import { brief, type Log } from "../../lib/log.ts";
import type { BackupSettings } from "./backup-settings.ts";
import { ourselves } from "./plugin.ts";

/** What the metrics tell of backups. */
export interface BackupState {
  lastAt: number | undefined;
  bytes: number;
  rows: number;
  failures: number;
}

const Taken = z.object({ name: z.string(), size: z.number(), rows: z.number() });

/** After a failure, unless the next one is due sooner. */
const AGAIN_MS = 10 * 60_000;

/**
 * Takes a backup whenever the newest one is older than the settings say: so several servers on one database, and one
 * that is restarted every hour, take as many as a single one. Each is a process of its own (`polaris backup`): reading
 * a million rows would make those wait whom we serve.
 */
export function startBackups(
  settings: BackupSettings,
  { dataDir, log }: { dataDir: string; log: Log },
) {
  const stopping = new AbortController();
  const state: BackupState = { lastAt: undefined, bytes: 0, rows: 0, failures: 0 };
  let child: Bun.Subprocess<"ignore", "pipe", "pipe"> | undefined;
  let failedAt: number | undefined;
  const running = run();

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      const wait = await due().catch((error: unknown) => failed(brief(error)));
      if (wait === 0) {
        await once().catch((error: unknown) => failed(brief(error)));
        continue;
      }
      log.info("backup.next", { inSeconds: Math.round(wait / 1000) });
      await pause(Math.min(wait, 2 ** 31 - 1), stopping.signal);
    }
  }

  /** How long until the next one. */
  async function due(): Promise<number> {
    if (failedAt !== undefined) {
      const wait = Math.min(settings.everyMs, AGAIN_MS) - (Date.now() - failedAt);
      if (wait > 0) return wait;
      failedAt = undefined;
    }
    const [newest] = await shelfAt(settings.to).list();
    if (!newest) return 0;
    state.lastAt = newest.at.getTime();
    state.bytes = newest.size;
    return Math.max(0, newest.at.getTime() + settings.everyMs - Date.now());
  }

  function failed(error: string): number {
    failedAt = Date.now();
    state.failures++;
    log.error("backup.failed", { error });
    return Math.min(settings.everyMs, AGAIN_MS);
  }

  async function once(): Promise<void> {
    const startedAt = performance.now();
    const command = [...ourselves(), "backup", "--json", "--data-dir", dataDir];
    child = Bun.spawn([...command, "--to", settings.to, "--keep", String(settings.keep)], {
      env: process.env,
      cwd: process.cwd(),
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
    });
    const [out, err, code] = await Promise.all([
      new Response(child.stdout).text(),
      new Response(child.stderr).text(),
      child.exited,
    ]);
    child = undefined;
    if (stopping.signal.aborted) return;
    if (code !== 0) return void failed(err.trim().split("\n").at(-1)?.slice(0, 300) ?? "");
    const { name, size, rows } = Taken.parse(JSON.parse(out));
    Object.assign(state, { lastAt: Date.now(), bytes: size, rows });
    log.info("backup.taken", { name, size, rows, ms: Math.round(performance.now() - startedAt) });
  }

  return {
    state: (): Readonly<BackupState> => state,
    async [Symbol.asyncDispose]() {
      stopping.abort();
      child?.kill("SIGTERM");
      await running;
    },
  };
}
export type Backups = ReturnType<typeof startBackups>;
