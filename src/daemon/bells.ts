import { existsSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { privateFolder } from "../lib/file.ts";

/** The file's name is what chooses the agent's hook. */
const NAME = "polaris-bell";

/**
 * A file for each running agent session, which the agent was told to watch when the session began. A change of it
 * starts one hook there, which fetches what there is: no process waits for that, and none runs while nothing is said.
 */
export interface Bells {
  /** Makes it; answers where it is. */
  hang(agentSession: string): string;
  /** Answers whether there is one. */
  ring(agentSession: string): boolean;
  remove(agentSession: string): void;
  /** Takes away those of sessions that ended without a word. */
  sweep(running: readonly string[]): void;
}

export function startBells(folder: string): Bells {
  const place = (agentSession: string) => join(folder, agentSession.replace(/[^\w-]/g, "_"));
  return {
    hang(agentSession) {
      privateFolder(folder);
      const bell = join(privateFolder(place(agentSession)), NAME);
      if (!existsSync(bell)) writeFileSync(bell, "", { mode: 0o600 });
      return bell;
    },
    ring(agentSession) {
      const bell = join(place(agentSession), NAME);
      if (!existsSync(bell)) return false;
      // The agent compares times and sizes, which two changes within one tick of the clock may share.
      writeFileSync(bell, `${Bun.randomUUIDv7()}\n`);
      return true;
    },
    sweep(running) {
      if (!existsSync(folder)) return;
      const kept = new Set(running.map(place));
      for (const name of readdirSync(folder)) {
        if (!kept.has(join(folder, name))) rmSync(join(folder, name), { recursive: true });
      }
    },
    remove: (agentSession) => rmSync(place(agentSession), { recursive: true, force: true }),
  };
}
