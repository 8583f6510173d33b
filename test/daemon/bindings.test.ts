import { expect, test } from "bun:test";
import { join } from "node:path";
import { ask } from "../../src/machine/local.ts";
import type { Binding } from "../../src/wire/local.ts";
import { hook, line, makeWorld, say, startHere, until, type World } from "./world.ts";

const join_ = (world: World, wish: Record<string, unknown>) =>
  ask<Binding>(world.place, "/join", {
    agentSession: "one",
    agent: "tiny",
    project: "site",
    ...wish,
  });
const leave = (world: World, agentSession = "one") => ask(world.place, "/leave", { agentSession });

test("B1: a join records from now on: what was said before stays private", async () => {
  await using world = makeWorld();
  await using _daemon = await startHere(world);
  say(world.transcript(), line("before"));
  await world.begin();
  const bound = await join_(world, {});
  expect(bound.name).toMatch(/^s-[0-9a-f]{4}$/);
  say(world.transcript(), line("after"));
  await until(() => world.server.texts().includes("after"));
  expect(world.server.texts()).not.toContain("before");
  expect(world.server.order.map(({ kind }) => kind)).toEqual(["session.joined", "agent.message"]);
});

test("A12: after leave nothing is written, and all said before it is", async () => {
  await using world = makeWorld();
  await using _daemon = await startHere(world);
  await world.link();
  await world.begin();
  say(world.transcript(), line("said"));
  expect(await leave(world)).toEqual({ left: true });
  say(world.transcript(), line("secret"));
  await world.post(
    hook({ session: "one", hook: "Prompt", transcript: world.transcript(), cwd: world.work }),
  );
  await world.drained();
  expect(world.server.order.map(({ kind }) => kind)).toEqual([
    "session.start",
    "agent.message",
    "session.left",
  ]);
  const again = await join_(world, {});
  say(world.transcript(), line("open again"));
  await until(() => world.server.texts().includes("open again"));
  expect(world.server.texts()).not.toContain("secret");
  expect(again.project).toBe("site");
});

test("B6: clear in a joined process goes on as a new session of the same project; resume goes on with the old one", async () => {
  await using world = makeWorld();
  await using _daemon = await startHere(world);
  await world.begin("one", {}, 4242);
  const first = await join_(world, {});
  await world.begin("one", { hook: "End", ended: true }, 4242);
  await world.begin("two", { start: "clear", cwd: "/elsewhere" }, 4242);
  say(world.transcript("two"), line("in two"));
  await until(() => world.server.texts().includes("in two"));
  const { bindings } = await world.status();
  const second = bindings.find(({ agentSession }) => agentSession === "two");
  expect(second).toMatchObject({ project: "site" });
  expect(second?.session).not.toBe(first.session);
  await world.begin("one", { start: "resume" }, 4242);
  say(world.transcript("one"), line("in one again"));
  await until(() => world.server.texts().includes("in one again"));
  expect(world.server.order.find(({ text }) => text === "in one again")?.session).toBe(
    first.session,
  );
  // Another program that happens to get the number of an old process is not joined by it.
  expect(await world.begin("foreign", { start: "startup", cwd: "/elsewhere" }, 4242)).toEqual({
    recorded: false,
  });
  expect(await world.begin("foreign-2", { start: "clear", cwd: "/elsewhere" }, 4242)).toEqual({
    recorded: false,
  });
});

test("B6: bindings and read positions survive a restart of the daemon", async () => {
  await using world = makeWorld();
  {
    await using _first = await startHere(world);
    await world.link();
    await world.begin();
    say(world.transcript(), line("one"));
    await until(() => world.server.texts().includes("one"));
  }
  say(world.transcript(), line("two"));
  await using _second = await startHere(world);
  await until(() => world.server.texts().includes("two"));
  expect(world.server.texts().slice(1)).toEqual(["one", "two"]);
  expect(world.server.sessions.size).toBe(1);
});

test("B7: the longest linked directory decides; a running old session is recorded from now on only", async () => {
  await using world = makeWorld();
  await using _daemon = await startHere(world);
  const deep = join(world.work, "deep");
  await Bun.write(join(deep, "x"), "");
  say(world.transcript("old"), line("long ago"));
  await Bun.sleep(30);
  await world.link("outer");
  await ask(world.place, "/link", { directory: deep, project: "inner" });
  await world.begin("one", { cwd: join(deep, "below") });
  await world.begin("two", { cwd: `${deep}er` });
  await world.post(
    hook({ session: "old", hook: "Prompt", cwd: world.work, transcript: world.transcript("old") }),
  );
  say(world.transcript("old"), line("now"));
  await until(() => world.server.texts().includes("now"));
  expect(world.server.texts()).not.toContain("long ago");
  const of = Object.fromEntries(
    (await world.status()).bindings.map((b) => [b.agentSession, b.project]),
  );
  expect(of).toEqual({ one: "inner", two: "outer", old: "outer" });
  await ask(world.place, "/unlink", { directory: deep });
  expect((await world.status()).links).toEqual([{ directory: world.work, project: "outer" }]);
});

test("B6, A12: a fork is a session of its own, of which only what is new is recorded", async () => {
  await using world = makeWorld();
  await using _daemon = await startHere(world);
  await world.link();
  const at = new Date(Date.now() - 60_000).toISOString();
  const common = line("common", { at });
  const left = line("said after leave", { at });
  say(world.transcript("one"), common);
  await world.begin("one");
  await until(() => world.server.texts().includes("common"));
  await leave(world);
  say(world.transcript("one"), left);
  // A fork begins with copies of all lines, under their old ids.
  say(world.transcript("two"), common, left);
  await world.begin("two", { start: "fork" });
  say(world.transcript("two"), line("forked", { at: new Date().toISOString() }));
  await until(() => world.server.texts().includes("forked"));
  expect(world.server.texts()).not.toContain("said after leave");
  expect(world.server.sessions.size).toBe(2);
  expect(world.server.texts().filter((text) => text === "common")).toHaveLength(1);
});

test("B6: a fork says which session it goes on from, once, also when that is a fork", async () => {
  await using world = makeWorld();
  await using _daemon = await startHere(world);
  await world.link();
  const at = new Date(Date.now() - 60_000).toISOString();
  const root = [line("one", { at }), line("two", { at })];
  say(world.transcript("root"), ...root);
  await world.begin("root");
  await until(() => world.server.texts().includes("two"));
  const own: ReturnType<typeof line>[] = [];
  for (const name of ["first", "second"]) {
    // Only copies are there at first.
    say(world.transcript(name), ...root, ...own);
    await world.begin(name, { start: "fork" });
    const said = line(name, { at: new Date().toISOString() });
    say(world.transcript(name), said, line(`more of ${name}`, { at: said.at }));
    own.push({ ...said, at });
    await until(() => world.server.texts().includes(`more of ${name}`));
  }
  const log = world.server.order;
  const sessionOf = (text: string) => log.find((event) => event.text === text)?.session;
  const forks = log.filter(({ body }) => body.kind === "fork");
  expect(forks.map(({ session, body }) => [session, body.continues])).toEqual([
    [sessionOf("first"), sessionOf("one")],
    [sessionOf("second"), sessionOf("first")],
  ]);
  expect(log[log.findIndex(({ text }) => text === "first") - 1]?.body.kind).toBe("fork");
});

test("B2, B6: a name joined again is the same session, unless another agent session drives it", async () => {
  await using world = makeWorld();
  await using _daemon = await startHere(world);
  const first = await join_(world, { name: "etl" });
  expect(await join_(world, { name: "etl" })).toMatchObject({ session: first.session });
  expect(join_(world, { agentSession: "two", name: "etl" })).rejects.toMatchObject({
    code: "seat_taken",
  });
  await leave(world);
  expect(await join_(world, { agentSession: "two", name: "etl" })).toMatchObject({
    session: first.session,
  });
});
