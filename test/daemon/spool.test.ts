import { expect, test } from "bun:test";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { privateFolder, writeAtomic } from "../../src/lib/file.ts";
import { uuid7 } from "../../src/lib/uuid.ts";
import { hook, makeWorld, startHere, until, type World } from "./world.ts";

const notice = (text: string) =>
  hook({ session: "one", hook: "X", fact: { kind: "notice", text, release: "now" } });

function spool(world: World, name: string, content: string): string {
  privateFolder(world.place.home);
  privateFolder(world.place.spool);
  const path = join(world.place.spool, name);
  writeAtomic(path, content);
  return path;
}

test("A8: what hooks said while no daemon ran is taken up in order, once", async () => {
  await using world = makeWorld();
  {
    await using _first = await startHere(world);
    await world.link();
    await world.begin();
    await world.drained();
  }
  const calls = Array.from({ length: 50 }, (_, i) => notice(`n${i}`));
  for (const call of calls) spool(world, `${call.id}.json`, JSON.stringify(call));
  await using _second = await startHere(world);
  await until(() => world.server.order.length === 51);
  expect(world.server.texts().slice(1)).toEqual(calls.map((_, i) => `n${i}`));
  expect((await world.status()).spool).toBe(0);
  const late = notice("late");
  spool(world, `${late.id}.json`, JSON.stringify(late));
  await until(() => world.server.texts().includes("late"));
});

test("A8: a damaged spool file is set aside and counted, those behind it are taken up", async () => {
  await using world = makeWorld();
  spool(world, "0-bad.json", '{"id": "half');
  spool(world, "1-bad.json", "");
  spool(world, ".hidden.json.tmp", "still being written");
  await using _daemon = await startHere(world);
  await world.link();
  await world.begin();
  const call = notice("fine");
  const path = spool(world, `${uuid7()}.json`, JSON.stringify(call));
  await until(() => world.server.texts().includes("fine"));
  await until(() => !existsSync(path));
  expect(await world.status()).toMatchObject({ spool: 0, damaged: 2 });
  expect(readdirSync(world.place.damaged).sort()).toEqual(["0-bad.json", "1-bad.json"]);
});
