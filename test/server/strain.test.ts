import { expect, test } from "bun:test";
import { availableParallelism } from "node:os";
import { startStrain } from "../../src/core/strain.ts";
import { until } from "../../src/lib/until.ts";
import { startMachine, startPolaris } from "../helpers/polaris.ts";

test("search finds what was said although more batches wait than there are processors", async () => {
  await using polaris = await startPolaris();
  const machines = Array.from({ length: availableParallelism() + 4 }, (_, n) =>
    startMachine({ project: "busy", name: `s-${n}` }),
  );
  for (const machine of machines) await polaris.ingest([machine.head(), machine.line()]);
  const calm = startMachine({ project: "calm" });
  await polaris.database.admin.begin(async (tx) => {
    await tx`select from projects where slug = 'busy' for no key update`;
    const held = machines.map((machine) => polaris.ingest([machine.head(), machine.line()]));
    await polaris.ingest([calm.head(), calm.line({ text: "the pelican has landed" })]);
    const found = () => polaris.json<{ items: unknown[] }>("/search?q=pelican");
    await until(async () => (await found()).items.length === 1, {
      what: "the pelican",
      timeoutMs: 20_000,
    });
    return { held };
  });
});

test("work that follows waits while there are too many batches, and no longer", async () => {
  const strain = startStrain(1);
  const said: string[] = [];
  const [one, two] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const first = strain.during(() => one.promise);
  expect(await strain.calm(60_000)).toBe(true);
  const second = strain.during(async () => {
    await two.promise;
    said.push("written");
  });
  const follower = strain.calm(60_000).then((isCalm) => said.push(isCalm ? "followed" : "late"));
  expect(await strain.calm(1)).toBe(false);
  two.resolve();
  await Promise.all([second, follower]);
  one.resolve();
  await first;
  expect(said).toEqual(["written", "followed"]);
});

test("a batch that fails stands in nobody's way", async () => {
  const strain = startStrain(0);
  const batch = strain.during(() => Promise.reject(new Error("away")));
  const follower = strain.calm(60_000);
  expect(batch).rejects.toThrow("away");
  expect(await follower).toBe(true);
});

test("the moment between two batches of a burst is no rest, and a moment of many is no burst", async () => {
  let time = 0;
  const strain = startStrain(1, () => time);
  const crowd = async (ms: number) => {
    const end = Promise.withResolvers<void>();
    const batches = [1, 2, 3].map(() => strain.during(() => end.promise));
    expect(await strain.calm(0)).toBe(false);
    time += ms;
    end.resolve();
    await Promise.all(batches);
  };
  await crowd(20);
  expect(await strain.calm(0)).toBe(true);
  await crowd(1000);
  expect(await strain.calm(0)).toBe(false);
  time += 1000;
  expect(await strain.calm(0)).toBe(true);
});
