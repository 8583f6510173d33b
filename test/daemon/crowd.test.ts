import { expect, test } from "bun:test";
import { ask } from "../../src/machine/local.ts";
import type { HookAnswer } from "../../src/wire/local.ts";
import { begun, tell } from "./advising.ts";
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
