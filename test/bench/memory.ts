import { appendFileSync, mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { until } from "../../src/lib/until.ts";
import { uuid7 } from "../../src/lib/uuid.ts";
import { ask } from "../../src/machine/local.ts";
import type { Status } from "../../src/wire/local.ts";
import { notice, SESSION, sessionStart, transcriptOf } from "./hook-calls.ts";
import { type Recorder, record, serve } from "./house.ts";
import { knocker } from "./knock.ts";
import { type Bench, load, type Row } from "./lib.ts";
import { cpuSeconds, family, pss, rss } from "./proc.ts";
import { session } from "./transcript.ts";

/** What both programs hold while nobody works, after one session was recorded. */
export const memory: Bench = {
  name: "memory",
  about: "memory and processor time of recorder, server and database at rest",
  async run({ quick, program }) {
    await using server = await serve(program);
    await using recorder = await record(program, server);
    const transcript = transcriptOf(recorder);
    mkdirSync(dirname(transcript), { recursive: true });
    const payload = sessionStart(recorder);
    const at = new Date().toISOString();
    await ask(recorder.place, "/hook", { id: uuid7(), at, agent: "claude", payload });
    for (const line of session(SESSION, 300_000)) appendFileSync(transcript, line);
    await until(
      async () => {
        const { bindings, journal } = await ask<Status>(recorder.place, "/status");
        return (bindings[0]?.acked ?? 0) > 100 && journal.pending === 0;
      },
      { timeoutMs: 30_000, what: "a recorded session" },
    );
    await Bun.sleep(quick ? 2000 : 10_000);
    const before = [recorder.pid, server.pid].map(cpuSeconds);
    const rest = quick ? 1 : 10;
    await Bun.sleep(rest * 1000);
    const [idle = 0, idleServer = 0] = [recorder.pid, server.pid].map(
      (pid, at) => ((cpuSeconds(pid) - (before[at] ?? 0)) / rest) * 100,
    );
    const database = family(server.postmaster);
    const all = database.reduce((sum, pid) => sum + pss(pid), 0);
    const atRest = row("recorder at rest", recorder.pid, idle, 60);
    const serverAtRest = row("server at rest", server.pid, idleServer, 150);
    const count = quick ? 2_000 : 100_000;
    await say(recorder, count);
    await Bun.sleep(quick ? 1000 : 25_000);
    return [
      atRest,
      {
        name: `recorder after ${count.toLocaleString("en")} events`,
        unit: "MiB (rss)",
        ours: rss(recorder.pid),
        target: "",
        note: `pss ${pss(recorder.pid).toFixed(0)} MiB, all of them sent, 25 s later`,
      },
      serverAtRest,
      {
        name: "its PostgreSQL at rest",
        unit: "MiB (pss)",
        ours: all,
        target: "",
        note: `${database.length} processes`,
      },
    ];
  },
};

/** So many things that hooks say, from 16 clients, and waits until the server has them all. */
async function say(recorder: Recorder, count: number): Promise<void> {
  await using doors = await knocker(recorder.place.socket, 16);
  let left = count;
  await load(16, 600, async (client) => {
    if (left-- <= 0) return false;
    const at = new Date().toISOString();
    const call = { id: uuid7(), at, agent: "claude", payload: notice(recorder) };
    return await doors.post(client, "/hook", JSON.stringify(call));
  });
  await until(async () => (await ask<Status>(recorder.place, "/status")).journal.pending === 0, {
    timeoutMs: 300_000,
    everyMs: 500,
    what: "an empty journal",
  });
}

/** Proportional: the program's pages are shared by all processes that run it. */
function row(name: string, pid: number, idle: number, limit: number): Row {
  const [resident, fair] = [rss(pid), pss(pid)];
  return {
    name,
    unit: "MiB (rss)",
    ours: resident,
    target: `≤ ${limit} MiB`,
    pass: resident <= limit,
    note: `pss ${fair.toFixed(0)} MiB; ${idle.toFixed(1)} % of a processor`,
  };
}
