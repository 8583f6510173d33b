import { expect, test } from "bun:test";
import { startFollowers } from "../../src/daemon/followers.ts";
import { startJournal } from "../../src/daemon/journal.ts";
import { silent } from "../../src/lib/log.ts";
import { startGuard } from "../../src/machine/guard/guard.ts";
import { tiny } from "./agent.ts";
import { line, makeWorld, say, startHere } from "./world.ts";

test("A8: a recorder stops at once, also when an agent said something in that very moment", async () => {
  await using world = makeWorld();
  {
    await using _daemon = await startHere(world);
    await world.link();
    await world.begin("one", {}, process.pid);
    say(world.transcript(), line("hello"));
    await world.drained();
  }
  await using journal = startJournal(world.place.journal, silent);
  await using guard = startGuard({ policy: world.place.policy, version: "0", changed() {} });
  const ready = Promise.resolve();
  const needs = { journal, agents: [tiny], guard, log: silent, ready };
  const followers = startFollowers(needs);
  followers.poke("one");
  // A session that has been quiet for half a second is looked at slowly, unless something happens.
  await Bun.sleep(1_000);
  followers.poke("one");
  // What comes is gathered for 10 ms before anybody looks.
  await Bun.sleep(2);
  const stoppedAt = performance.now();
  await followers[Symbol.asyncDispose]();
  expect(performance.now() - stoppedAt).toBeLessThan(1_000);
}, 45_000);
