import { expect, test } from "bun:test";
import { appendFileSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { ask } from "../../src/machine/local.ts";
import type { Paused } from "../../src/wire/local.ts";
import { hook, line, makeWorld, say, startHere, startProcess, until, type World } from "./world.ts";

const pause = (world: World, agentSession?: string) =>
  ask<Paused>(world.place, "/pause", { agentSession });
const resume = (world: World, agentSession?: string) =>
  ask<Paused>(world.place, "/resume", { agentSession });
const kinds = (world: World) => world.server.order.map(({ kind }) => kind);

/** Everything the recorder has on disk. */
function onDisk(world: World): string {
  const folder = dirname(world.place.journal);
  return readdirSync(folder)
    .map((name) => readFileSync(join(folder, name), "latin1"))
    .join("");
}

const prompt = (world: World, session: string, text: string) =>
  hook({
    session,
    hook: "Prompt",
    transcript: world.transcript(session),
    cwd: world.work,
    fact: { kind: "user.message", text, release: "unseen" },
  });

test("A12: what is said off the record is written nowhere, and the session shows the pause", async () => {
  await using world = makeWorld();
  await using _daemon = await startHere(world);
  await world.link();
  await world.begin();
  say(world.transcript(), line("before"));
  const paused = await pause(world, "one");
  expect(paused.sessions).toMatchObject([{ agentSession: "one", paused: true }]);
  say(world.transcript(), line("hidden-in-the-transcript"));
  expect(await world.post(prompt(world, "one", "hidden-in-a-hook"))).toEqual({ recorded: false });
  say(world.transcript(), line("hidden-at-the-end"));
  await resume(world, "one");
  say(world.transcript(), line("after"));
  await until(() => world.server.texts().includes("after"));
  expect(kinds(world)).toEqual([
    "session.start",
    "agent.message",
    "recording.paused",
    "recording.resumed",
    "agent.message",
  ]);
  expect(onDisk(world)).toContain("after");
  expect(onDisk(world)).not.toContain("hidden");
});

test("A12: a pause of one session leaves the others on the record; paused twice is paused once", async () => {
  await using world = makeWorld();
  await using _daemon = await startHere(world);
  await world.link();
  await world.begin("one");
  await world.begin("two");
  await pause(world, "one");
  expect((await pause(world, "one")).sessions).toEqual([]);
  say(world.transcript("one"), line("hidden"));
  say(world.transcript("two"), line("open"));
  await until(() => world.server.texts().includes("open"));
  expect(pause(world, "nobody")).rejects.toMatchObject({ code: "not_found" });
  expect(world.server.texts()).not.toContain("hidden");
  expect(kinds(world).filter((kind) => kind === "recording.paused")).toHaveLength(1);
});

test("A12: while the machine is paused, what begins is off the record too, also what a clear begins", async () => {
  await using world = makeWorld();
  await using _daemon = await startHere(world);
  await world.link();
  await world.begin("one", {}, 4242);
  await pause(world);
  expect((await world.status()).silentSince).not.toBeNull();
  say(world.transcript("two"), line("hidden two"));
  await world.begin("two");
  await world.begin("one", { hook: "End", ended: true }, 4242);
  await world.begin("three", { start: "clear" }, 4242);
  say(world.transcript("three"), line("hidden three"));
  await resume(world);
  say(world.transcript("two"), line("two"));
  say(world.transcript("three"), line("three"));
  await until(() => ["two", "three"].every((text) => world.server.texts().includes(text)));
  expect((await world.status()).silentSince).toBeNull();
  expect(world.server.texts().filter(Boolean).sort()).toEqual(["three", "two"]);
});

test("A12: a clear goes on off the record when its session was", async () => {
  await using world = makeWorld();
  await using _daemon = await startHere(world);
  await world.link();
  await world.begin("one", {}, 4242);
  await pause(world, "one");
  await world.begin("two", { start: "clear" }, 4242);
  say(world.transcript("two"), line("hidden"));
  await resume(world, "two");
  say(world.transcript("two"), line("open"));
  await until(() => world.server.texts().includes("open"));
  expect(world.server.texts()).not.toContain("hidden");
});

test("A12: a pause survives kill -9 of the recorder, and lines that come again stay unsaid", async () => {
  await using world = makeWorld();
  const hidden = line("hidden");
  {
    await using daemon = await startProcess(world);
    await world.link();
    await world.begin();
    say(world.transcript(), line("before"));
    await pause(world, "one");
    say(world.transcript(), hidden);
    await daemon.kill();
  }
  say(world.transcript(), line("hidden while away"));
  await using _daemon = await startProcess(world);
  await world.post(prompt(world, "one", "hidden prompt"));
  await resume(world, "one");
  // A fork copies the old lines with their ids into a file of its own.
  say(world.transcript("fork"), hidden, line("forked"));
  await world.begin("fork", { start: "fork" });
  await until(() => world.server.texts().includes("forked"));
  appendFileSync(world.transcript(), `${JSON.stringify(line("after"))}\n`);
  await until(() => world.server.texts().includes("after"));
  expect(world.server.texts().filter((text) => text?.startsWith("hidden"))).toEqual([]);
});
