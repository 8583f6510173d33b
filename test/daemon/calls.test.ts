import { expect, test } from "bun:test";
import { hook, line, makeWorld, say, startHere, until, type World } from "./world.ts";

const told = (world: World) =>
  world.server.order.slice(1).map(({ kind, text = "" }) => `${kind} ${text}`.trim());

/** The dialog stands on the screen; the call's own line is not in the file yet. */
const asks = (world: World, text: string, tools = ["Bash"]) =>
  world.post(
    hook({
      session: "one",
      hook: "Ask",
      transcript: world.transcript(),
      turn: "open",
      fact: { kind: "permission.request", text, release: "called", tools },
    }),
  );

test("A2: a permission is asked for after the call it is about, though its hook runs before the file has the call", async () => {
  await using world = makeWorld();
  await using _daemon = await startHere(world);
  await world.link();
  await world.begin();
  say(world.transcript(), line("hello", { kind: "user.message" }));
  await until(() => told(world).length === 1);
  await asks(world, "rm -rf build");
  say(
    world.transcript(),
    line("I will remove it"),
    line("ls", { kind: "tool.call", name: "Bash", callId: "1" }),
    line("rm -rf build", { kind: "tool.call", name: "Bash", callId: "2" }),
  );
  await until(() => told(world).length === 5);
  expect(told(world)).toEqual([
    "user.message hello",
    "agent.message I will remove it",
    "tool.call ls",
    "tool.call rm -rf build",
    "permission.request rm -rf build",
  ]);
});

test("A2: a call that was told already is asked for at once, and once more when it is made again", async () => {
  await using world = makeWorld();
  await using _daemon = await startHere(world);
  await world.link();
  await world.begin();
  say(world.transcript(), line("make", { kind: "tool.call", name: "Bash", callId: "1" }));
  await until(() => told(world).length === 1);
  await asks(world, "make");
  await until(() => told(world).length === 2, { timeoutMs: 1_800 });
  say(world.transcript(), line("done", { kind: "tool.result", callId: "1" }));
  await until(() => told(world).length === 3);
  await asks(world, "make");
  say(world.transcript(), line("again"));
  await until(() => told(world).includes("agent.message again"));
  say(world.transcript(), line("make", { kind: "tool.call", name: "Bash", callId: "2" }));
  await until(() => told(world).length === 6);
  expect(told(world)).toEqual([
    "tool.call make",
    "permission.request make",
    "tool.result done",
    "agent.message again",
    "tool.call make",
    "permission.request make",
  ]);
});

test("A2: a request whose call never reaches the file is told all the same", async () => {
  await using world = makeWorld();
  await using _daemon = await startHere(world);
  await world.link();
  await world.begin();
  say(world.transcript(), line("hello", { kind: "user.message" }));
  await asks(world, "make");
  await until(() => told(world).includes("permission.request make"));
});

test("A2: a subagent starts after the call that starts it and before all that it does", async () => {
  await using world = makeWorld();
  await using _daemon = await startHere(world);
  await world.link();
  await world.begin();
  say(world.transcript(), line("hello", { kind: "user.message" }));
  await until(() => told(world).length === 1);
  const fact = {
    kind: "subagent.start",
    release: "called" as const,
    tools: ["Agent"],
    parent: "a1",
  };
  await world.post(
    hook({ session: "one", hook: "Sub", transcript: world.transcript(), turn: "open", fact }),
  );
  say(
    world.transcript(),
    line("count", { kind: "tool.call", name: "Agent", callId: "1" }),
    line("launched", { kind: "tool.result", callId: "1" }),
  );
  say(world.transcript().replace(/\.jsonl$/, "/subagents/agent-a1.jsonl"), line("counting"));
  await until(() => told(world).length === 5);
  expect(told(world)).toEqual([
    "user.message hello",
    "tool.call count",
    "subagent.start",
    "tool.result launched",
    "agent.message counting",
  ]);
});
