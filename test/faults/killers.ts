import { until } from "../../src/lib/until.ts";
import { type Chain, postmasterOf } from "../helpers/chain.ts";
import type { Service } from "../helpers/service.ts";

export interface Killer {
  what: string;
  done: number;
  /** Starts that ended because something else was killed meanwhile; the next one succeeded. */
  failedStarts: number;
  /** Whether the next kill is overdue: then the writers wait, so that all kills fall while something is written. */
  isBehind(lines: number): boolean;
  run(progress: () => number): Promise<void>;
}

interface Plan {
  kills: number;
  lines: number;
  random: () => number;
}

/** One killer each for the recorder, the server and PostgreSQL, all at moments of their own. */
export function killersOf(chain: Chain, plan: Plan): Killer[] {
  const { random } = plan;
  const service = (part: Service) => async (killer: Killer) => {
    await part.kill("SIGKILL");
    await Bun.sleep(random() * 700);
    for (let tries = 5; ; tries--) {
      try {
        return void (await part.start());
      } catch (error) {
        if (tries === 1) throw error;
        killer.failedStarts++;
      }
    }
  };
  return [
    killerOf("recorder", plan, service(chain.daemon)),
    killerOf("server", plan, service(chain.server)),
    killerOf("PostgreSQL", plan, async () => {
      const wait = { timeoutMs: 60_000, what: "PostgreSQL to be back" };
      const pid = await until(() => postmasterOf(chain.dataDir), wait);
      process.kill(pid, "SIGKILL");
      await until(() => {
        const now = postmasterOf(chain.dataDir);
        return now !== undefined && now !== pid;
      }, wait);
    }),
  ];
}

function killerOf(what: string, plan: Plan, kill: (killer: Killer) => Promise<void>): Killer {
  const { kills, lines, random } = plan;
  // In the order of writing, and none so late that nothing is written after it.
  const moments = Array.from({ length: kills }, () => (0.01 + random() * 0.95) * lines).sort(
    (a, b) => a - b,
  );
  const killer: Killer = {
    what,
    done: 0,
    failedStarts: 0,
    isBehind: (at) => at > (moments[killer.done] ?? Number.POSITIVE_INFINITY) + lines * 0.04,
    async run(progress) {
      for (const moment of moments) {
        await until(() => progress() >= moment, { timeoutMs: 600_000, everyMs: 3 });
        await kill(killer);
        killer.done++;
      }
    },
  };
  return killer;
}
