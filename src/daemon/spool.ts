import { existsSync, readdirSync, renameSync, unlinkSync, watch } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { privateFolder } from "../lib/file.ts";
import { brief, type Log } from "../lib/log.ts";
import type { Paths } from "../machine/paths.ts";
import { PolarisError } from "../wire/error.ts";
import { HookCall } from "../wire/local.ts";
import type { Hooks } from "./hooks.ts";

/** How soon a spool that could not be taken up (the journal refused) is tried again. */
const AGAIN_MS = 10_000;

export interface Spool extends AsyncDisposable {
  /** Takes up what lies there now, in the order of the names. */
  drain(): Promise<void>;
  /** Files that wait, and files that were no hook call. */
  count(): { waiting: number; damaged: number };
}

/** Takes up what hooks left while no daemon listened. A file goes only after its content is in the journal. */
export function startSpool(needs: { place: Paths; hooks: Hooks; log: Log }): Spool {
  const { place, hooks, log } = needs;
  let running: Promise<void> | undefined;
  let again = false;
  let stopped = false;
  let timer: Timer | undefined;

  async function pass(): Promise<void> {
    do {
      again = false;
      for (const name of files(place.spool)) {
        if (stopped) return;
        await take(join(place.spool, name), name);
      }
    } while (again);
  }

  async function take(path: string, name: string): Promise<void> {
    const call = HookCall.safeParse(json(await readFile(path, "utf8")));
    if (!call.success) return setAside(path, name, "no hook call");
    try {
      await hooks.take(call.data);
    } catch (error) {
      // A file that can never be taken must not stand before those behind it.
      if (error instanceof PolarisError && error.code === "invalid_input") {
        return setAside(path, name, error.message);
      }
      throw error;
    }
    unlinkSync(path);
  }

  function setAside(path: string, name: string, reason: string): void {
    privateFolder(place.damaged);
    renameSync(path, join(place.damaged, name));
    log.warn("spool.damaged", { file: name, reason });
  }

  async function drain(): Promise<void> {
    if (running) {
      again = true;
      return await running;
    }
    clearTimeout(timer);
    running = pass();
    try {
      await running;
    } catch (error) {
      log.warn("spool.waiting", { error: brief(error) });
      if (!stopped) timer = setTimeout(() => void drain(), AGAIN_MS);
    } finally {
      running = undefined;
    }
  }

  const watcher = watch(place.spool, (_, name) => {
    if (name === null || isCall(name)) void drain();
  });
  return {
    drain,
    count: () => ({
      waiting: files(place.spool).length,
      damaged: existsSync(place.damaged) ? readdirSync(place.damaged).length : 0,
    }),
    async [Symbol.asyncDispose]() {
      stopped = true;
      clearTimeout(timer);
      watcher.close();
      await running?.catch(() => undefined);
    },
  };
}

/** Names sort by time: they begin with a UUIDv7. Hidden and temporary files are still being written. */
function files(folder: string): string[] {
  return readdirSync(folder).filter(isCall).sort();
}

function isCall(name: string): boolean {
  return name.endsWith(".json") && !name.startsWith(".");
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
