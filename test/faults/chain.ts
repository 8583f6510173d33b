import { Database } from "bun:sqlite";
import { parseArgs } from "node:util";
import { until } from "../../src/lib/until.ts";
import { type Chain, startChain } from "../helpers/chain.ts";
import { killersOf } from "./killers.ts";
import { startRandom } from "./random.ts";
import { startReader } from "./reader.ts";
import { gaps, isClean, judge, type Verdict } from "./verdict.ts";
import { type Stage, type Written, write } from "./writer.ts";

export interface Storm {
  /** Lines of all transcripts together. */
  events: number;
  sessions: number;
  /** Of the recorder, of the server and of PostgreSQL, each. */
  kills: number;
  seed: number;
}

/**
 * Records sessions through the whole chain, hooks and transcripts in, HTTP and a live stream out, while its three
 * processes are killed with SIGKILL at random moments and started again. Answers what is wrong afterwards.
 */
export async function storm({ events, sessions, kills, seed }: Storm) {
  const startedAt = performance.now();
  const random = startRandom(seed);
  await using chain = await startChain();
  const projects = ["storm-a", "storm-b"];
  const directories = await Promise.all(projects.map((project) => chain.linked(project)));
  await using a = startReader(chain.url, chain.token, "storm-a");
  await using b = startReader(chain.url, chain.token, "storm-b");
  const readers = [a, b];
  const killers = killersOf(chain, { kills, lines: events, random });
  let written = 0;
  const pace = async () => {
    const mine = ++written;
    await Bun.sleep(5 + random() * 20);
    await until(() => !killers.some((killer) => killer.isBehind(mine)), { timeoutMs: 120_000 });
  };
  const writers = Array.from({ length: sessions }, (_, at) => {
    const cwd = directories[at % 2] ?? "";
    const stage: Omit<Stage, "lines"> = {
      name: `s${at}`,
      project: projects[at % 2] ?? "",
      home: chain.home,
      cwd,
      env: chain.env,
      pid: 1_000_000 + at,
      turn: 15 + Math.floor(random() * 15),
      pace,
    };
    return write({ ...stage, lines: Math.ceil((events - at) / sessions) });
  });
  const killing = killers.map((killer) => killer.run(() => written));
  const all = await Promise.all(writers);
  await Promise.all(killing);
  const wroteMs = performance.now() - startedAt;
  await settled(chain, all).catch(() => undefined);

  const verdicts: Verdict[] = [];
  const streams: { project: string; events: number; gaps: number; live: number; lines: number }[] =
    [];
  for (const reader of readers) {
    const { project } = reader;
    const log = await chain.log(project);
    const list = await chain.sessions(project);
    const mine = all.filter((one) => one.project === project);
    verdicts.push(...mine.map((one) => judge(one, log, list)));
    await until(() => reader.seen.length >= log.length, { timeoutMs: 5_000 }).catch(() => false);
    streams.push({
      project,
      events: log.length,
      gaps: gaps(
        log.map(({ seq }) => seq),
        log.length,
      ),
      live: gaps(reader.seen, log.length),
      lines: reader.connections,
    });
  }
  const report = {
    seed,
    verdicts,
    streams,
    kills: killers.map(({ what, done, failedStarts }) => ({ what, kills: done, failedStarts })),
    refused: (await chain.status()).journal.refused,
    seconds: { writing: wroteMs / 1000, whole: (performance.now() - startedAt) / 1000 },
  };
  const clean =
    verdicts.every(isClean) &&
    verdicts.length === sessions &&
    streams.every((stream) => stream.gaps + stream.live === 0) &&
    report.refused === 0;
  return { ...report, clean };
}

/** Resolves when all that was said has had its time: nothing held, nothing pending, everything on the server. */
async function settled(chain: Chain, all: Written[]): Promise<void> {
  const wanted = all.reduce((sum, { said, ended }) => sum + said.length + ended.length + 2, 0);
  await until(
    async () => {
      if (heldIn(chain) > 0 || (await chain.status()).journal.pending > 0) return false;
      const logs = await Promise.all(["storm-a", "storm-b"].map((project) => chain.log(project)));
      return logs.reduce((sum, log) => sum + log.length, 0) >= wanted;
    },
    { timeoutMs: 60_000, everyMs: 200 },
  );
}

/** Facts of hooks that the recorder has not let go yet; a late double would come from there. */
function heldIn(chain: Chain): number {
  using journal = new Database(chain.place.journal, { readonly: true });
  return journal.query<{ n: number }, []>("select count(*) as n from held").get()?.n ?? 0;
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      events: { type: "string", default: "5000" },
      sessions: { type: "string", default: "5" },
      kills: { type: "string", default: "10" },
      seed: { type: "string", default: String(Date.now() % 1_000_000) },
    },
  });
  const { events, sessions, kills, seed } = values;
  console.log(
    `bun test/faults/chain.ts --events ${events} --sessions ${sessions} --kills ${kills} --seed ${seed}`,
  );
  const report = await storm({
    events: Number(events),
    sessions: Number(sessions),
    kills: Number(kills),
    seed: Number(seed),
  });
  console.table(report.verdicts);
  console.table(report.streams);
  console.table(report.kills);
  const { writing, whole } = report.seconds;
  console.log(
    `${report.refused} refused; ${writing.toFixed(1)} s of writing, ${whole.toFixed(1)} s in all`,
  );
  console.log(report.clean ? "0 lost, 0 twice, all in order" : "NOT CLEAN");
  process.exitCode = report.clean ? 0 : 1;
}
