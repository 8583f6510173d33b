import type { Agent } from "../agents/agent.ts";
import { brief, type Log } from "../lib/log.ts";
import { uuid7 } from "../lib/uuid.ts";
import { PolarisError } from "../wire/error.ts";
import type { Import, Job, Recover, Row } from "../wire/job.ts";
import { type Needs, plan, take } from "./imports.ts";
import type { Recovery } from "./recovery.ts";

/** How many finished jobs are remembered, for who asks late. */
const KEPT = 20;

/** What takes longer than an answer may: one job after the other. */
export interface Jobs extends AsyncDisposable {
  import(wish: Import): { job: string };
  recover(wish: Recover): { job: string };
  get(job: string): Job;
}

export function startJobs(
  needs: Needs & { agents: readonly Agent[]; recovery: Recovery; log: Log },
): Jobs {
  const { agents, recovery, log } = needs;
  const jobs = new Map<string, Job>();
  const stop = new AbortController();
  let queue: Promise<void> = Promise.resolve();

  function start(work: (job: Job) => Promise<void>): { job: string } {
    const job: Job = {
      ...{ job: uuid7(), state: "running", read: 0, bytes: 0, error: null, rows: [] },
    };
    jobs.set(job.job, job);
    const [oldest] = [...jobs.values()].filter(({ state }) => state !== "running");
    if (jobs.size > KEPT && oldest) jobs.delete(oldest.job);
    queue = queue.then(async () => {
      try {
        await work(job);
        job.state = "done";
      } catch (error) {
        job.state = "failed";
        job.error = error instanceof Error ? error.message : String(error);
        log.warn("job.failed", { error: brief(error) });
      }
    });
    return { job: job.job };
  }

  /** Every file's plan first, so that the bar knows how much there is. */
  async function each(job: Job, wish: Import & { onlyLinked?: boolean }): Promise<Row[]> {
    const plans = [];
    for (const { agent: name, path } of wish.files) {
      if (stop.signal.aborted) return [];
      const agent = agents.find((one) => one.name === name);
      if (!agent) throw new PolarisError("invalid_input", `There is no agent "${name}".`);
      const since = wish.since === undefined ? undefined : Date.parse(wish.since);
      const one = { ...wish, agent, path, since, project: wish.project };
      const found = await plan(needs, one);
      if (!found) continue;
      plans.push({ one, found });
      if (found.row.skipped === null) job.bytes += found.allBytes;
    }
    const rows: Row[] = [];
    if (wish.list) job.rows = plans.map(({ found }) => found.row);
    for (const { one, found } of wish.list ? [] : plans) {
      if (stop.signal.aborted) break;
      const row = await take(needs, one, found, (bytes) => {
        stop.signal.throwIfAborted();
        job.read += bytes;
      });
      rows.push(row);
      job.rows.push(row);
    }
    return rows;
  }

  return {
    import: (wish) => start(async (job) => void (await each(job, wish))),
    recover: (wish) =>
      start(async (job) => {
        await recovery.run(wish, job, stop.signal);
        // A project that is asked for narrows; it never says where foreign transcripts go.
        const { project, ...rest } = wish;
        const files = { ...rest, project: undefined, named: false, list: false, onlyLinked: true };
        await each(job, files);
        job.rows = job.rows.filter(
          (row) =>
            (project === undefined || row.project === project) &&
            (row.path === null || row.fresh > 0),
        );
        // Where nothing is to be brought back a look is all that happens: the record is set right with it.
        if (wish.dry && job.rows.some(({ fresh, again }) => fresh + again > 0)) return;
        if (!wish.dry) await recovery.arrived(stop.signal);
        await recovery.settled(wish, stop.signal);
      }),
    get(id) {
      const job = jobs.get(id);
      if (job) return job;
      throw new PolarisError("not_found", "There is no such job.", {
        hint: "The recorder was started anew: run the command again, it goes on where it was.",
      });
    },
    async [Symbol.asyncDispose]() {
      stop.abort();
      await queue;
    },
  };
}
