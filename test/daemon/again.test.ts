import { expect, test } from "bun:test";
import { ask } from "../../src/machine/local.ts";
import type { Binding, Joined } from "../../src/wire/local.ts";
import { line, makeWorld, say, startHere, until, type World } from "./world.ts";

/** Before any agent runs: what the next one in the project folder goes on with. */
const ahead = (world: World, wish: Record<string, unknown>) =>
  ask<Joined>(world.place, "/join", { agent: "tiny", cwd: world.work, project: "site", ...wish });

const nameOf = async (world: World, agentSession = "one"): Promise<string> => {
  const { bindings } = await world.status();
  return bindings.find((bound) => bound.agentSession === agentSession)?.name ?? "";
};

const heard = (world: World, text: string) =>
  until(() => world.server.order.find((event) => event.text === text));

test("B2: an agent session that was left goes on where a join awaits it, without what was said between", async () => {
  await using world = makeWorld();
  await using _daemon = await startHere(world);
  await world.link();
  await world.begin();
  say(world.transcript(), line("first"));
  const first = await heard(world, "first");
  const name = await nameOf(world);
  await ask(world.place, "/leave", { agentSession: "one" });
  say(world.transcript(), line("aside"));
  expect(await world.begin("one", { start: "resume" })).toMatchObject({ recorded: false });

  await ahead(world, { name });
  expect(await world.begin("one", { start: "resume" })).toMatchObject({ recorded: true });
  say(world.transcript(), line("second"));
  expect((await heard(world, "second")).session).toBe(first.session);
  expect(world.server.texts()).not.toContain("aside");
  expect(world.server.texts().filter((text) => text === "first")).toEqual(["first"]);
  // Once: the join awaited one agent session.
  await ask(world.place, "/leave", { agentSession: "one" });
  expect(await world.begin("one", { start: "resume" })).toMatchObject({ recorded: false });
});

test("B2: an agent session that ended elsewhere goes on where a join awaits it; its last words stay where they were", async () => {
  await using world = makeWorld();
  await using _daemon = await startHere(world);
  await world.link("other");
  await world.begin();
  say(world.transcript(), line("first"));
  const first = await heard(world, "first");
  await ahead(world, { name: "new" });
  const fact = { kind: "session.end", release: "quiet" } as const;
  await world.begin("one", { hook: "End", start: undefined, ended: true, fact });
  await world.begin("one", { start: "resume" });
  say(world.transcript(), line("second"));
  const second = await heard(world, "second");
  expect(second.session).not.toBe(first.session);
  await world.drained();
  const kinds = (session: string) =>
    world.server.order.filter((event) => event.session === session).map(({ kind }) => kind);
  expect(kinds(first.session)).toEqual([
    "session.start",
    "agent.message",
    "session.end",
    "session.left",
  ]);
  expect(kinds(second.session)).toEqual(["session.joined", "session.start", "agent.message"]);
});

test.each(["resume", "fork"] as const)(
  "B1, B2: a conversation that nobody recorded begins to be at its %s where a join awaits it",
  async (start) => {
    await using world = makeWorld();
    await using _daemon = await startHere(world);
    say(world.transcript(), line("before", { at: "2026-01-01T00:00:00.000Z" }));
    await ahead(world, { name: "new" });
    await world.begin("one", { start });
    say(world.transcript(), line("after"));
    await heard(world, "after");
    expect(world.server.texts()).not.toContain("before");
  },
);

test("B3: a start and a join say which of the agent's own conversations it is", async () => {
  await using world = makeWorld();
  await using _daemon = await startHere(world);
  await world.begin();
  await ask<Binding>(world.place, "/join", { agentSession: "one", agent: "tiny", project: "site" });
  await world.begin("one", { start: "resume" });
  await until(() => world.server.order.length === 2);
  expect(world.server.order.map(({ kind, body }) => [kind, body.agentSession])).toEqual([
    ["session.joined", "one"],
    ["session.start", "one"],
  ]);
});
