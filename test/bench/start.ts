import { copyFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { until } from "../../src/lib/until.ts";
import { left } from "../../src/machine/left.ts";
import { ask } from "../../src/machine/local.ts";
import { paths } from "../../src/machine/paths.ts";
import type { Status } from "../../src/wire/local.ts";
import { temporary } from "../helpers/temp.ts";
import { notice, sessionStart } from "./hook-calls.ts";
import { type Recorder, record } from "./house.ts";
import { type Bench, interleave, type Row, type Summary } from "./lib.ts";

/**
 * `polaris --version`, `polaris hook` and `polaris statusline`, each a new process, against a program that prints one
 * line and reads nothing.
 */
export const start: Bench = {
  name: "start",
  about: "polaris --version, hook and statusline against a compiled hello world",
  async run({ quick, ...programs }) {
    await using folder = temporary("polaris-bench-");
    // How the kernel holds a program in memory depends on who wrote the file and when: the same bytes took 4.2 or 5.3 ms
    // of processor time. So both are written here and now, in the same way.
    const [program, hello] = [join(folder.path, "polaris"), join(folder.path, "hello")];
    copyFileSync(programs.program, program);
    copyFileSync(programs.hello, hello);
    await using recorder = await record(program);
    const home = folder.path;
    const nobody = join(home, "nobody");
    mkdirSync(nobody);
    const once = (command: string[], stdin = "", polarisHome = nobody) => {
      const began = performance.now();
      const { exitCode } = Bun.spawnSync(command, {
        env: { HOME: home, PATH: process.env.PATH ?? "", POLARIS_HOME: polarisHome },
        stdin: Buffer.from(stdin),
        stdout: "ignore",
        stderr: "ignore",
      });
      if (exitCode !== 0) throw new Error(`${command.join(" ")} ended with ${exitCode}`);
      return performance.now() - began;
    };
    const line = [program, "statusline"];
    const hook = [program, "hook", "--agent", "claude"];
    let heard = 0;
    // The recorder writes down what a hook has left when the hook is gone: that is not to be felt by what is started next.
    const told = async (payload: string) => {
      const ms = once(hook, payload, recorder.place.home);
      heard++;
      await until(async () => (await written(recorder)) === heard, {
        what: `${heard} events: the recorder has heard every hook`,
      });
      return ms;
    };
    await told(sessionStart(recorder));
    const ran = await interleave(quick ? 15 : 100, {
      hello: () => once([hello]),
      reader: () => once([hello, "read"], notice(recorder)),
      version: () => once([program, "--version"]),
      up: () => told(notice(recorder)),
      asked: () => told(sessionStart(recorder)),
      down: () => once(hook, notice(recorder)),
      lineUp: () => once(line, notice(recorder), recorder.place.home),
      lineDown: () => once(line, notice(recorder)),
    });
    const kept = left(paths(nobody));
    if (kept < ran.down.n)
      throw new Error(`of ${ran.down.n} hooks without a recorder ${kept} left a call`);
    return [
      row("polaris --version", ran.version, ran.hello, 2),
      {
        ...row("polaris hook, daemon up", ran.up, ran.hello, 1.3),
        note: against(ran.up, ran.reader),
      },
      answered(ran.asked, ran.hello),
      {
        ...row("polaris hook, daemon down", ran.down, ran.hello, 1.3),
        note: against(ran.down, ran.reader),
      },
      shown("polaris statusline, daemon up", ran.lineUp, ran.hello),
      shown("polaris statusline, daemon down", ran.lineDown, ran.hello),
    ];
  },
};

/** What a person would notice is an amount of time, not a ratio. */
const shown = (name: string, ours: Summary, floor: Summary): Row => ({
  ...row(name, ours, floor, 1),
  target: "≤ 15 ms",
  pass: ours.p50 <= 15,
});

/** The one hook of a session that waits for what the recorder has to say to it. */
const answered = (ours: Summary, floor: Summary): Row => {
  const { pass: _, ...figures } = row("polaris hook, daemon up, opens a session", ours, floor, 1);
  return {
    ...figures,
    target: "",
    note: "once in a session: waits for the recorder's words to it",
  };
};

function row(name: string, ours: Summary, floor: Summary, limit: number): Row {
  return {
    name,
    unit: "ms",
    ours: ours.p50,
    floor: floor.p50,
    p50: ours.p50,
    p99: ours.p99,
    target: `≤ ${limit}× floor`,
    pass: ours.p50 <= limit * floor.p50,
  };
}

const against = (ours: Summary, reader: Summary): string =>
  `floor: a hello world that reads nothing; one that reads the payload: ${reader.p50.toFixed(2)} ms, ratio ${(ours.p50 / reader.p50).toFixed(2)}`;

/** One event for each hook. */
async function written({ place }: Recorder): Promise<number> {
  const { bindings } = await ask<Status>(place, "/status");
  return bindings.reduce((sum, { events }) => sum + events, 0);
}
