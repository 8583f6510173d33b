import { chmodSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { until } from "../../src/lib/until.ts";
import { temporary } from "../helpers/temp.ts";
import { type Client, installTrue, makeHome, startClient } from "./client.ts";
import { type Recorder, record, serve } from "./house.ts";
import { type Bench, type Result, type Summary, summary } from "./lib.ts";
import { startModel } from "./model.ts";

/** What our installation costs the real Claude Code, against none and against hooks that do nothing. */
export const claude: Bench = {
  name: "claude",
  about: "what the installation costs the real Claude Code (POLARIS_TEST_CLAUDE)",
  async run({ quick, program }): Promise<Result[]> {
    const client = process.env.POLARIS_TEST_CLAUDE ?? "";
    if (!existsSync(client)) {
      return [{ name: "claude", skipped: "POLARIS_TEST_CLAUDE names no Claude Code" }];
    }
    await using server = await serve(program);
    await using recorder = await record(program, server);
    const counted = await count(client, program, recorder, quick ? 5 : 20);
    const homes = {
      none: await makeVariant("none", program, recorder),
      true: await makeVariant("true", program, recorder),
      ours: await makeVariant("ours", program, recorder),
    };
    const perCall: Record<string, number[]> = { none: [], true: [], ours: [] };
    const toModel: Record<string, number[]> = { none: [], true: [], ours: [] };
    for (let start = 0; start < (quick ? 1 : 3); start++) {
      await using model = startModel();
      await using parts = new AsyncDisposableStack();
      const clients: [string, Client][] = [];
      for (const [name, home] of Object.entries(homes)) {
        clients.push([name, parts.use(await startClient(client, home, recorder.work, model))]);
      }
      for (let turn = -2; turn < (quick ? 6 : 25); turn++) {
        for (const [name, one] of turn % 2 === 0 ? clients : clients.toReversed()) {
          const took = await one.ask(turn % 3 === 0 ? 12 : 0);
          if (turn < 0) continue;
          toModel[name]?.push(took.toModel);
          perCall[name]?.push(...took.perCall);
        }
      }
    }
    // Otherwise the costs of nothing were measured.
    const calls = () =>
      server.sql<{ n: string }[]>`select count(*) as n from events where kind = 'tool.result'`;
    await until(async () => Number((await calls())[0]?.n) >= (perCall.ours?.length ?? 1), {
      timeoutMs: 30_000,
      what: "every measured call on the server",
    });
    const of = (list: Record<string, number[]>, name: string): Summary => summary(list[name] ?? []);
    return rows(counted, {
      calls: { none: of(perCall, "none"), ours: of(perCall, "ours") },
      prompts: { none: of(toModel, "none"), true: of(toModel, "true"), ours: of(toModel, "ours") },
    });

    async function makeVariant(name: string, program: string, recorder: Recorder): Promise<string> {
      const home = join(recorder.folder, `home-${name}`);
      makeHome(home, recorder.work);
      if (name === "true") installTrue(home, ["UserPromptSubmit", "Stop"]);
      if (name === "ours") install(program, home, recorder);
      return home;
    }
  },
};

function install(program: string, home: string, recorder: Recorder): void {
  const env = { HOME: home, PATH: process.env.PATH ?? "", POLARIS_HOME: recorder.place.home };
  const { success, stderr } = Bun.spawnSync([program, "install", "--home", home], { env });
  if (!success) throw new Error(String(stderr));
}

/** Hook processes of a turn without and with tool calls, counted by a program that stands before the real one. */
async function count(client: string, program: string, recorder: Recorder, calls: number) {
  await using folder = temporary("polaris-bench-");
  const home = join(folder.path, "home");
  const log = join(folder.path, "started");
  const before = join(folder.path, "polaris");
  writeFileSync(before, `#!/bin/sh\necho "$*" >> '${log}'\nexec '${program}' "$@"\n`);
  chmodSync(before, 0o755);
  makeHome(home, recorder.work);
  install(program, home, recorder);
  for (const file of ["hooks/hooks.json", ".mcp.json"]) {
    const path = join(home, ".claude/skills/polaris", file);
    writeFileSync(path, readFileSync(path, "utf8").replaceAll(program, before));
  }
  const hooks = () =>
    readFileSync(log, "utf8")
      .split("\n")
      .filter((line) => / hook /.test(` ${line} `)).length;
  const started: number[] = [];
  for (const wanted of [0, calls]) {
    writeFileSync(log, "");
    await using model = startModel();
    await using one = await startClient(client, home, recorder.work, model);
    await one.ask(wanted);
    await one[Symbol.asyncDispose]();
    started.push(hooks());
  }
  return { calls, without: started[0] ?? 0, withCalls: started[1] ?? 0 };
}

interface Found {
  calls: { none: Summary; ours: Summary };
  prompts: { none: Summary; true: Summary; ours: Summary };
}

function rows(counted: Awaited<ReturnType<typeof count>>, { calls, prompts }: Found): Result[] {
  const extra = counted.withCalls - counted.without;
  // About two standard errors of the difference of two medians of so many calls.
  const noise = (2 * (calls.none.p95 - calls.none.p50)) / Math.sqrt(calls.none.n);
  const delay = calls.ours.p50 - calls.none.p50;
  return [
    {
      name: "hook processes for a tool call",
      unit: "",
      ours: extra / counted.calls,
      target: "0",
      pass: extra === 0 && counted.without > 0,
      note: `a turn without calls starts ${counted.without}, one with ${counted.calls} calls ${counted.withCalls}`,
    },
    {
      name: "a tool call, answer to next request",
      unit: "ms",
      ours: calls.ours.p50,
      floor: calls.none.p50,
      p50: calls.ours.p50,
      p99: calls.ours.p99,
      target: "floor ± noise",
      pass: delay <= Math.max(noise, 0.5),
      note: `floor: nothing installed; difference ${delay.toFixed(2)} ms, noise ${noise.toFixed(2)} ms, ${calls.ours.n} calls each`,
    },
    {
      name: "a prompt, sent to first request",
      unit: "ms",
      ours: prompts.ours.p50,
      floor: prompts.true.p50,
      p50: prompts.ours.p50,
      p99: prompts.ours.p99,
      target: "≤ 1.5× floor",
      pass: prompts.ours.p50 <= 1.5 * prompts.true.p50,
      note: `floor: hooks that run /bin/true; nothing installed ${prompts.none.p50.toFixed(2)} ms; ${prompts.ours.n} prompts each`,
    },
  ];
}
