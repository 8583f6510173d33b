import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { until } from "../../src/lib/until.ts";
import type { Injection } from "../../src/wire/injection.ts";
import { type Advice, startAdvice } from "../advice/world.ts";
import { world as home, program, start } from "./program.ts";

let world: Advice;
const machine = home();
const polaris = (...args: string[]) => start([...program, ...args], machine.env);
beforeAll(async () => {
  world = await startAdvice();
  // krishna's computer: user:manu drives.
  const { secret } = await world.krishna.token(["read", "ingest", "inject"]);
  const signedIn = await polaris("login", "--url", world.url, "--token", secret);
  expect(signedIn.code).toBe(0);
});
afterAll(async () => {
  await world[Symbol.asyncDispose]();
  machine[Symbol.dispose]();
});

/** What the machine of the session does with the next advice: each report as soon as the one before is stored. */
async function answer(text: string, ...reports: [string, Record<string, unknown>, string?][]) {
  const { id } = await until(async () => {
    const { items } = await world.json<{ items: Injection[] }>(`${world.path}/injections`);
    return items.find((each) => each.text === text);
  });
  for (const [kind, body, said] of reports) {
    await world.report(kind, { injection: id, ...body }, said ? { text: said } : {});
  }
  return id;
}

describe("polaris inject (C2, C4)", () => {
  test("shows the receipt until the agent has seen it", async () => {
    const [ran] = await Promise.all([
      polaris("inject", "etl/s-0001", "mind", "the", "limits"),
      answer("mind the limits", ["delivered", { route: "socket" }], ["seen", {}]),
    ]);
    expect(ran).toMatchObject({ code: 0, err: "" });
    const steps = ran.out.trim().split("\n");
    expect(steps[0]).toMatch(/^○ queued +0\.\d s$/);
    expect(steps.at(-1)).toMatch(/^✓ seen by the agent +\d+\.\d s$/);
    const { items } = await world.json<{ items: Injection[] }>(`${world.path}/injections`);
    expect(items[0]).toMatchObject({ from: "user:krishna", via: "cli", state: "seen" });
  });

  test("--answer waits for the agent's reply and prints it", async () => {
    const [ran] = await Promise.all([
      polaris("inject", "etl/s-0001", "which test fails?", "--answer"),
      answer("which test fails?", ["seen", {}], ["answered", {}, "load.test.ts, the second one."]),
    ]);
    expect(ran.code).toBe(0);
    expect(ran.out).toContain("✓ answered");
    expect(ran.out).toEndWith("load.test.ts, the second one.\n");
  });

  test("what was not delivered says why, with exit code 1", async () => {
    const [ran] = await Promise.all([
      polaris("inject", "etl/s-0001", "lost words"),
      answer("lost words", ["failed", { reason: "The agent gave no sign of it for 30 s." }]),
    ]);
    expect(ran.code).toBe(1);
    expect(ran.out).toContain("✗ not delivered");
    expect(ran.out).toContain(
      "The agent gave no sign of it for 30 s.\nTo take it back: polaris inject ",
    );
    const recall = /inject (\S+) (--recall) (\S+)/.exec(ran.out)?.slice(1) ?? [];
    expect((await polaris("inject", ...recall)).out).toBe("Taken back.\n");
  });

  test("--no-wait only queues, --json prints the injection, --recall takes it back", async () => {
    const queued = await polaris("inject", "etl/s-0001", "never mind", "--no-wait", "--json");
    expect(queued.code).toBe(0);
    const injection: Injection = JSON.parse(queued.out);
    expect(injection).toMatchObject({ state: "queued", text: "never mind", project: "etl" });
    const recalled = await polaris("inject", "etl/s-0001", "--recall", injection.id);
    expect(recalled).toMatchObject({ code: 0, out: "Taken back.\n" });
    const late = await polaris("inject", "etl/s-0001", "--recall", crypto.randomUUID());
    expect([late.code, late.err]).toEqual([1, expect.stringContaining("no such injection")]);
  });

  test("after its time it says that it still waits, with exit code 1", async () => {
    const ran = await polaris("inject", "etl/s-0001", "slow", "--wait", "0");
    expect(ran.code).toBe(1);
    expect(ran.out).toContain("It still waits. polaris inject etl/s-0001 --recall ");
  });

  test("standard input is taken, and wrong use is said", async () => {
    const piped = await start(
      [...program, "inject", "etl/s-0001", "-", "--no-wait", "--json"],
      machine.env,
      "a diff\nof two lines\n",
    );
    expect(JSON.parse(piped.out)).toMatchObject({ text: "a diff\nof two lines" });
    expect((await polaris("inject", "etl/s-0001")).code).toBe(2);
    expect((await polaris("inject", "s-0001", "words")).code).toBe(2);
    expect((await polaris("inject", "etl/none", "words")).code).toBe(1);
  });
});

test("polaris sessions, claim and handoff: who drives what (B2)", async () => {
  await world.post("/projects/etl/sessions", { name: "seat", label: "ETL retry fix" });
  const listed = await polaris("sessions");
  expect(listed.out).toMatch(/^etl\/seat +idle +user:manu → agent:claude +ETL retry fix$/m);
  expect(JSON.parse((await polaris("sessions", "--json")).out).items.length).toBe(2);
  const taken = await polaris("claim", "etl/seat");
  expect([taken.code, taken.err]).toEqual([1, expect.stringContaining("user:manu drives")]);
  await world.post("/projects/etl/sessions/seat/handoff", {});
  const { out } = await polaris("claim", "etl/seat");
  expect(out).toStartWith("user:krishna drives etl/seat.\n");
  expect(out).toContain("polaris join etl seat --continue ");
  const given = await polaris("handoff", "etl/seat", "priya");
  expect(given.out).toStartWith("user:priya drives etl/seat.\n\nFor user:priya to go on with it");
  expect((await polaris("handoff", "etl/seat")).code).toBe(1);
  expect((await polaris("handoff", "etl/seat", "priya", "manu")).code).toBe(2);
});

test("polaris context and brief: what happened, and what it is about (B5, B8)", async () => {
  const told = await polaris("context", "etl", "--session", "s-0001", "--person", "manu");
  expect(told.out).toMatch(/^#1 \S+ s-0001 user:manu: prompt 1$/m);
  const page = JSON.parse((await polaris("context", "etl", "--budget", "150", "--json")).out);
  expect(page.tokens).toBeLessThanOrEqual(150);
  const brief = await polaris("brief", "etl/s-0001");
  expect(brief.out).toStartWith("# etl/s-0001\n");
  expect((await polaris("brief", "etl", "--budget", "300")).out).toStartWith("# Project etl");
  expect((await polaris("brief", "Not A Project")).code).toBe(2);
});
