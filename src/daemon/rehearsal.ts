import type { Agent } from "../agents/agent.ts";
import { pause } from "../lib/backoff.ts";
import { brief, type Log } from "../lib/log.ts";
import { uuid7 } from "../lib/uuid.ts";
import type { Guard } from "../machine/guard/guard.ts";
import { HookCall } from "../wire/local.ts";
import type { Accounts } from "./accounts.ts";
import { MEMORY } from "./database.ts";
import type { Followers } from "./followers.ts";
import { startHooks } from "./hooks.ts";
import { startJournal } from "./journal.ts";
import { link } from "./links.ts";

/** So many bring back what a rest has let go of. */
const FEW = 3;
/** After so many the engine has made machine code of what a call goes through (measured: no gain beyond). */
const CALLS = 300;
/** So few at a time that a hook that comes meanwhile does not wait noticeably. */
const AT_ONCE = 4;
const BETWEEN_MS = 5;
/** No folder can be here, so nothing is found in it and nothing can be left in it. */
const NOWHERE = "/proc/polaris/rehearsal";

const NOBODY: Followers = {
  poke: () => undefined,
  follow: () => undefined,
  finish: async () => undefined,
  [Symbol.asyncDispose]: async () => undefined,
};

export interface Rehearsal extends AsyncDisposable {
  /** Once more, shortly: the recorder has rested (measured: the next hook waits 2.5 ms for its answer, not 4.5). */
  again(): void;
}

interface Needs {
  agents: readonly Agent[];
  guard: Guard;
  home: Accounts["home"];
  log: Log;
}

/**
 * A recorder that has just been started goes through what a hook's call takes before the first one comes, with calls
 * that nobody made and a journal that is nowhere: an agent waits for each of its hooks, and the first would take 10 ms,
 * the next hundred half as long again as those after them.
 */
export function startRehearsal(needs: Needs): Rehearsal {
  const stop = new AbortController();
  let running = run(CALLS);

  async function run(calls: number): Promise<void> {
    try {
      await rehearse(needs, calls, stop.signal);
    } catch (error) {
      needs.log.warn("rehearsal.failed", { error: brief(error) });
    }
  }

  return {
    again() {
      running = running.then(() => run(FEW));
    },
    async [Symbol.asyncDispose]() {
      stop.abort();
      await running;
    },
  };
}

async function rehearse(
  { agents, guard, home, log }: Needs,
  calls: number,
  stop: AbortSignal,
): Promise<void> {
  if (guard.error !== null) return;
  await using journal = startJournal(MEMORY, log);
  link(journal.db, { directory: NOWHERE, remote: null, within: "" }, "rehearsal", home());
  const hooks = startHooks({
    ...{ journal, agents, guard, home },
    followers: NOBODY,
    unchecked: NOWHERE,
    heard: () => undefined,
  });
  for (const { name, sample } of agents) {
    if (!sample) continue;
    for (let made = 0; made < calls && !stop.aborted; made++) {
      const payload = sample({ session: "rehearsal", folder: NOWHERE, number: made });
      const call: unknown = JSON.parse(JSON.stringify(callOf(name, payload)));
      await hooks.take(HookCall.parse(call));
      if (made % AT_ONCE === 0) await pause(BETWEEN_MS, stop);
    }
  }
}

const callOf = (agent: string, payload: string): HookCall => ({
  id: uuid7(),
  at: new Date().toISOString(),
  agent,
  inbox: false,
  payload,
});
