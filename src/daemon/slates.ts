import type { Database } from "bun:sqlite";
import { existsSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { privateFolder } from "../lib/file.ts";
import { brief, type Log } from "../lib/log.ts";
import { COMMON } from "../machine/left.ts";
import type { Paths } from "../machine/paths.ts";
import { type Bound, bindingOf, live } from "./bindings.ts";
import { behind, hang, type Reading, read, type Slate, takeIn } from "./slate.ts";

/** What a hook takes for the name of a slate (`agents/claude/glance.ts`): no path, and the same on every disk. */
const NAME = /^[\da-z-]{1,64}$/;

/**
 * A slate for each agent session whose hooks need no answer: they write on it what they have to say and go, without a
 * word to the recorder (0.5 ms less than its answer costs). One hangs there exactly while the session is recorded, runs,
 * is not off the record, and no advice waits for a hook to carry it: nothing else may touch the disk, so the hooks of all
 * other sessions make their call.
 */
export interface Slates {
  /** Hangs one out or takes it in, as the state of the session asks for now. */
  look(agentSession: string): void;
  /** A call of the session was heard: as `look`, without asking the journal again where nothing has changed. */
  heard(agentSession: string, bound: Bound | undefined): void;
  /** As `look`, for all of them and the common one. */
  lookAll(): void;
  /** The sessions with advice that waits for a hook to carry it. */
  mustAsk(agentSessions: ReadonlySet<string>): void;
  /** Whatever its state is: it will be another one. Throws where that cannot be. */
  close(agentSession: string): void;
  /** What was written and not taken up, in whole lines. */
  read(): Reading[];
  /** How many there are with something on them that was not taken up. */
  waiting(): number;
  /** Hangs out clean ones in the place of those that were written on: what a hook says is not to lie here for long. */
  wipe(): void;
  /** Takes in all of them. The common one hangs on, clean, for the time until there is a recorder again. */
  [Symbol.dispose](): void;
}

export function startSlates({
  place,
  db,
  log,
}: {
  place: Pick<Paths, "slates" | "spool">;
  db: Database;
  log: Log;
}): Slates {
  const hung = new Map<string, Slate>();
  let aside: Slate[] = [];
  let asking: ReadonlySet<string> = new Set();
  let problem: string | undefined;

  /** What a recorder before left: nobody may write on it any more, and all of it is read again. */
  function inherit(): void {
    const isCommon = (name: string) => name.startsWith(COMMON);
    for (const { folder, is } of [
      { folder: place.slates, is: () => true },
      { folder: place.spool, is: isCommon },
    ]) {
      if (!existsSync(folder)) continue;
      for (const entry of readdirSync(folder, { withFileTypes: true })) {
        if (!entry.isFile() || !is(entry.name)) continue;
        const slate = { path: join(folder, entry.name), offset: 0 };
        const hangs = NAME.test(entry.name) || entry.name === COMMON;
        aside.push(hangs ? takeIn(slate) : slate);
      }
    }
  }

  function isWanted(agentSession: string, bound = bindingOf(db, agentSession)): boolean {
    if (agentSession === COMMON) return true;
    return bound?.state === "live" && bound.paused === 0 && !asking.has(agentSession);
  }

  function open(agentSession: string): void {
    const there = hung.get(agentSession);
    if (there && existsSync(there.path)) return;
    hung.delete(agentSession);
    const folder = privateFolder(agentSession === COMMON ? place.spool : place.slates);
    hung.set(agentSession, hang(join(folder, agentSession)));
  }

  function close(agentSession: string): void {
    const slate = hung.get(agentSession);
    if (!slate) return;
    if (existsSync(slate.path)) aside.push(takeIn(slate));
    hung.delete(agentSession);
  }

  function look(agentSession: string): void {
    if (!NAME.test(agentSession) && agentSession !== COMMON) return;
    trying(() => (isWanted(agentSession) ? open(agentSession) : close(agentSession)));
  }

  /** Without a slate its hooks make their call. */
  function trying(work: () => void): void {
    try {
      work();
      problem = undefined;
    } catch (error) {
      if (problem === undefined) log.warn("slates.unwritable", { error: brief(error) });
      problem = brief(error);
    }
  }

  trying(inherit);
  return {
    look,
    heard(agentSession, bound) {
      const isHung = hung.has(agentSession);
      if (isHung ? !isWanted(agentSession, bound) : bound) look(agentSession);
    },
    lookAll() {
      const all = live(db).map(({ agent_session }) => agent_session);
      for (const agentSession of new Set([COMMON, ...hung.keys(), ...all])) look(agentSession);
    },
    mustAsk(agentSessions) {
      const changed = agentSessions.symmetricDifference(asking);
      asking = agentSessions;
      for (const agentSession of changed) look(agentSession);
    },
    close,
    read() {
      const kept: Slate[] = [];
      const found: Reading[] = [];
      for (const slate of aside) {
        const reading = read(slate);
        if (reading) {
          kept.push(slate);
          found.push(reading);
        } else rmSync(slate.path, { force: true });
      }
      aside = kept;
      return [...found, ...[...hung.values()].flatMap((slate) => read(slate) ?? [])];
    },
    waiting() {
      let count = aside.length;
      for (const [agentSession, slate] of hung) {
        const left = behind(slate);
        if (left === undefined) hung.delete(agentSession);
        else if (left > 0) count++;
      }
      return count;
    },
    wipe() {
      for (const [agentSession, slate] of [...hung]) {
        if (slate.offset === 0 && !behind(slate)) continue;
        close(agentSession);
        look(agentSession);
      }
    },
    [Symbol.dispose]() {
      for (const agentSession of [...hung.keys()]) close(agentSession);
      look(COMMON);
    },
  };
}
