import { expect, test } from "bun:test";
import { startStrain } from "../../src/core/strain.ts";
import { until } from "../../src/lib/until.ts";
import { startMachine, startPolaris } from "../helpers/polaris.ts";

test("search finds what was said although batches stand in line all the time", async () => {
  await using polaris = await startPolaris();
  const machines = Array.from({ length: 8 }, (_, n) =>
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

test("work that follows waits while a batch stands in line, and no longer", async () => {
  const strain = startStrain();
  const said: string[] = [];
  const turn = Promise.withResolvers<void>();
  const end = Promise.withResolvers<void>();
  const batch = strain.line(async (begun) => {
    await turn.promise;
    said.push("begun");
    begun();
    await end.promise;
  });
  const follower = strain.calm(60_000).then(() => said.push("followed"));
  turn.resolve();
  await follower;
  await strain.calm(60_000);
  end.resolve();
  await batch;
  expect(said).toEqual(["begun", "followed"]);
});

test("a batch that fails before its turn stands in nobody's way", async () => {
  const strain = startStrain();
  const batch = strain.line(() => Promise.reject(new Error("away")));
  const follower = strain.calm(60_000);
  expect(batch).rejects.toThrow("away");
  await follower;
});
