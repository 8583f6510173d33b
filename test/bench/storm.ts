import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { uuid7 } from "../../src/lib/uuid.ts";
import { writeCredentials } from "../../src/machine/credentials.ts";
import { ask } from "../../src/machine/local.ts";
import type { Status } from "../../src/wire/local.ts";
import { notice, sessionStart } from "./hook-calls.ts";
import { type Recorder, record } from "./house.ts";
import { type Bench, type Row, type Summary, summary } from "./lib.ts";

const PER_SECOND = 200;
/** Nobody listens on the discard port. */
const NOWHERE = "http://127.0.0.1:9";

/** Many agents at once, and a server that is away: each call a process of its own, as agents start it. */
export const storm: Bench = {
  name: "storm",
  about: `polaris hook ${PER_SECOND} times a second, and with the server down`,
  async run({ quick, program, hello }) {
    await using recorder = await record(program);
    const profile = { url: NOWHERE, token: "none", participant: "user:manu" };
    writeCredentials(recorder.place.credentials, { current: "gone", profiles: { gone: profile } });
    const payload = sessionStart(recorder);
    const at = new Date().toISOString();
    await ask(recorder.place, "/hook", { id: uuid7(), at, agent: "claude", payload });
    const nobody = join(recorder.folder, "nobody");
    mkdirSync(nobody);
    const hook = [program, "hook", "--agent", "claude"];
    const few = quick ? 20 : 100;
    const many = quick ? PER_SECOND : 5 * PER_SECOND;
    const calm = await pace(recorder, [hello, "read"], nobody, few, 20);
    const down = await pace(recorder, hook, recorder.place.home, few, 20);
    const floor = await pace(recorder, [hello, "read"], nobody, many, PER_SECOND);
    const before = await written(recorder);
    const busy = await pace(recorder, hook, recorder.place.home, many, PER_SECOND);
    const arrived = (await written(recorder)) - before;
    if (arrived !== many) throw new Error(`${arrived} of ${many} calls were written down`);
    return [
      row("polaris hook, server down", down, calm),
      {
        ...row(`polaris hook, ${PER_SECOND} a second`, busy, floor),
        note: `${arrived} calls, none lost`,
      },
    ];
  },
};

const row = (name: string, ours: Summary, floor: Summary): Row => ({
  name,
  unit: "ms",
  ours: ours.p50,
  floor: floor.p50,
  p50: ours.p50,
  p99: ours.p99,
  target: "≤ 1.3× floor",
  pass: ours.p50 <= 1.3 * floor.p50,
});

const written = async ({ place }: Recorder): Promise<number> =>
  (await ask<Status>(place, "/status")).journal.pending;

/** Starts the program so often a second, whether those before have ended or not; from its start to its end. */
async function pace(
  recorder: Recorder,
  command: string[],
  home: string,
  times: number,
  perSecond: number,
): Promise<Summary> {
  const began = performance.now();
  const running: Promise<number>[] = [];
  for (let turn = 0; turn < times; turn++) {
    const due = began + (turn * 1000) / perSecond;
    await Bun.sleep(Math.max(0, due - performance.now()));
    running.push(once(recorder, command, home));
  }
  return summary(await Promise.all(running));
}

async function once(recorder: Recorder, command: string[], home: string): Promise<number> {
  const payload = Buffer.from(notice(recorder));
  const began = performance.now();
  const child = Bun.spawn(command, {
    env: { HOME: recorder.folder, PATH: process.env.PATH ?? "", POLARIS_HOME: home },
    stdin: payload,
    stdout: "ignore",
    stderr: "ignore",
  });
  if ((await child.exited) !== 0) throw new Error(`${command.join(" ")} failed`);
  return performance.now() - began;
}
