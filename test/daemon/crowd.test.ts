import { expect, test } from "bun:test";
import { uuid7 } from "../../src/lib/uuid.ts";
import { ask } from "../../src/machine/local.ts";
import type { HookAnswer } from "../../src/wire/local.ts";
import { startAgent } from "../mcp/client.ts";
import { begun, tell } from "./advising.ts";
import { openStation } from "./inbox.ts";
import { hook, makeWorld, startHere, until } from "./world.ts";

const COUNT = 30;

test("C3: what a hook says of many pieces stays below what the client shows; the next one says the rest", async () => {
  await using world = makeWorld();
  await using _daemon = await startHere(world);
  await begun(world);
  const texts = Array.from({ length: COUNT }, (_, at) => `${at} ${"x".repeat(1_000)}`);
  for (const text of texts) await tell(world, "injection.queued", { text });
  await until(async () => (await world.status()).journal.mailbox === COUNT);
  const said: string[] = [];
  await until(
    async () => {
      const stop = hook({ session: "one", hook: "Stop", turn: "close" }, { inbox: false });
      const { output } = await ask<HookAnswer>(world.place, "/hook", stop);
      if (output) said.push(output);
      return said.join("\n").split("\n").length >= COUNT;
    },
    { timeoutMs: 15_000, what: "all of them" },
  );
  expect(Math.max(...said.map(({ length }) => length))).toBeLessThan(10_000);
  expect(said.join("\n").split("\n")).toEqual(texts);
}, 30_000);

test("C3: advice that was queued before the recorder listened is handed over when it is heard, not at the next event", async () => {
  await using world = makeWorld();
  await using _daemon = await startHere(world);
  // Only its very event brings the recorder abreast of the server.
  world.server.setLastSeq(50);
  await begun(world);
  await using station = await openStation(world);
  const event = { id: uuid7(), seq: 50, kind: "injection.queued", text: "at once", body: {} };
  await until(() => world.server.tell(50, event) > 0, { what: "an open stream" });
  await until(() => station.said().includes(event.id), { timeoutMs: 3_000, what: "its handing" });
}, 30_000);

test("C3, G4: polaris_inbox says as much as the model is shown at once, and that there is more", async () => {
  await using world = makeWorld();
  await using _daemon = await startHere(world);
  await begun(world);
  await using agent = await startAgent({
    PATH: process.env.PATH ?? "",
    HOME: world.folder,
    POLARIS_HOME: world.place.home,
  });
  const texts = Array.from({ length: COUNT }, (_, at) => `${at} ${"x".repeat(1_000)}`);
  for (const text of texts) await tell(world, "injection.queued", { text });
  await until(async () => (await world.status()).journal.mailbox === COUNT);
  const first = (await agent.use("polaris_inbox")).text;
  expect(first.length).toBeLessThan(20_100);
  expect(first).toEndWith("\n\nMore is waiting (11): call polaris_inbox again.");
  const rest = (await agent.use("polaris_inbox")).text;
  expect([...first.split("\n\n").slice(0, -1), ...rest.split("\n\n")]).toEqual(texts);
  expect((await agent.use("polaris_inbox")).text).toBe("Nothing.");
}, 30_000);

test("C4: what the line broke off before is handed over at once on the next one, in its order", async () => {
  await using world = makeWorld();
  await using _daemon = await startHere(world);
  await begun(world);
  const id = uuid7();
  const texts = ["first", "second", "third"];
  {
    await using line = await openStation(world, id);
    for (const text of texts) await tell(world, "injection.queued", { text });
    await until(() => line.said().includes("third"));
  }
  await tell(world, "injection.queued", { text: "fourth" });
  await using again = await openStation(world, id);
  const said = () => [...again.said().matchAll(/first|second|third|fourth/g)].map(([one]) => one);
  await until(() => said().length === 4, { timeoutMs: 3_000, what: "all of them" });
  expect(said()).toEqual([...texts, "fourth"]);
}, 30_000);
