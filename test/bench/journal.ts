import { closeSync, fdatasyncSync, openSync, writeSync } from "node:fs";
import { join } from "node:path";
import { uuid7 } from "../../src/lib/uuid.ts";
import { ask } from "../../src/machine/local.ts";
import { notice, sessionStart } from "./hook-calls.ts";
import { type Recorder, record } from "./house.ts";
import { knocker } from "./knock.ts";
import { type Bench, type Load, load, type Row } from "./lib.ts";
import { cpuSeconds } from "./proc.ts";
import { syncsOf } from "./syncs.ts";

/** A hook's call through the recorder's socket: answered when it is safe on disk. */
export const journal: Bench = {
  name: "journal",
  about: "the recorder's append and answer over its socket, with the number of syncs",
  async run({ quick, program }) {
    await using recorder = await record(program);
    const seconds = quick ? 1.5 : 6;
    for (const session of SESSIONS) {
      await ask(recorder.place, "/hook", call(sessionStart(recorder, session)));
    }
    const disk = write(recorder, quick ? 200 : 1000);
    const answer = await echo(recorder, seconds / 2);
    const alone = await send(recorder, 1, seconds);
    const before = cpuSeconds(recorder.pid);
    const many = await send(recorder, 16, seconds);
    const cpu = ((cpuSeconds(recorder.pid) - before) / many.n) * 1e6;
    const syncs = await syncsOf(recorder.pid, 2000, () => send(recorder, 16, 1));
    const single = await syncsOf(recorder.pid, 2000, () => send(recorder, 1, 1));
    const rows: Row[] = [
      {
        name: "append + answer, 1 client",
        unit: "ms",
        ours: alone.p50,
        floor: disk.p50,
        p50: alone.p50,
        p99: alone.p99,
        target: "≤ 0.6 ms",
        pass: alone.p50 <= 0.6,
        note: `floor: write + fdatasync of as many bytes; ${single}`,
      },
      {
        name: "append + answer, 16 clients",
        unit: "/s",
        ours: many.rate,
        floor: answer.rate,
        p50: many.p50,
        p99: many.p99,
        target: "≥ 10,000/s",
        pass: many.rate >= 10_000,
        note: `floor: a server on such a socket that only answers; ${cpu.toFixed(0)} µs of a processor a call; ${syncs}`,
      },
    ];
    return rows;
  },
};

/** One agent for each client: no session says thousands of things a second. */
const SESSIONS = Array.from({ length: 16 }, () => crypto.randomUUID());

const call = (payload: string) => ({
  id: uuid7(),
  at: new Date().toISOString(),
  agent: "claude",
  payload,
});

async function send(recorder: Recorder, clients: number, seconds: number): Promise<Load> {
  await using doors = await knocker(recorder.place.socket, clients);
  const bodies = SESSIONS.map((session) => notice(recorder, session));
  return await load(clients, seconds, async (client) => {
    const answer = await doors.post(client, "/hook", JSON.stringify(call(bodies[client] ?? "")));
    if (!answer.includes('"recorded":true')) throw new Error(`not recorded: ${answer}`);
  });
}

/** The same requests to a server that parses and answers, and keeps nothing. */
async function echo(recorder: Recorder, seconds: number): Promise<Load> {
  const unix = join(recorder.folder, "echo.sock");
  const child = Bun.spawn([process.execPath, join(import.meta.dir, "echo.ts"), unix], {
    stdout: "pipe",
  });
  try {
    await child.stdout.getReader().read();
    await using doors = await knocker(unix, 16);
    const body = notice(recorder);
    return await load(16, seconds, (client) =>
      doors.post(client, "/hook", JSON.stringify(call(body))),
    );
  } finally {
    child.kill("SIGKILL");
    await child.exited;
  }
}

/** What the disk alone costs: one call's bytes and their sync. */
function write(recorder: Recorder, times: number): { p50: number } {
  const fd = openSync(join(recorder.folder, "floor"), "a");
  const bytes = JSON.stringify(call(notice(recorder)));
  const samples: number[] = [];
  for (let turn = 0; turn < times; turn++) {
    const began = performance.now();
    writeSync(fd, bytes);
    fdatasyncSync(fd);
    samples.push(performance.now() - began);
  }
  closeSync(fd);
  return { p50: samples.toSorted((a, b) => a - b)[times >> 1] ?? Number.NaN };
}
