import { expect, spyOn, test } from "bun:test";
import { hook, line, makeWorld, say, startHere, until, type World } from "./world.ts";

/** How often each fact of a hook was read while it waited. */
function countLooks() {
  const looks = new Map<string, number>();
  const parse = JSON.parse;
  const spy = spyOn(JSON, "parse").mockImplementation((text, reviver) => {
    const value = parse(text, reviver);
    const isFact = value?.source?.via === "hook" && value.kind === "user.message";
    if (isFact) looks.set(value.id, (looks.get(value.id) ?? 0) + 1);
    return value;
  });
  return { looks, [Symbol.dispose]: () => spy.mockRestore() };
}

const prompt = (n: number, transcript?: string) =>
  hook({
    session: "one",
    hook: "Prompt",
    ...(transcript ? { transcript } : {}),
    fact: { kind: "user.message", text: `prompt ${n}`, turn: `turn-${n}`, release: "unseen" },
  });

/** As sixteen agents at once would. */
async function post(world: World, calls: ReturnType<typeof prompt>[]): Promise<void> {
  const left = [...calls];
  const one = async () => {
    for (let call = left.shift(); call; call = left.shift()) await world.post(call);
  };
  await Promise.all(Array.from({ length: 16 }, one));
}

test("A8: of thousands of prompts that wait, each is looked at a few times and not at every look", async () => {
  await using world = makeWorld();
  await using _daemon = await startHere(world);
  await world.link();
  await world.begin("one", { transcript: undefined });
  using counted = countLooks();
  const calls = Array.from({ length: 1500 }, (_, n) => prompt(n));
  await post(world, calls);
  await until(() => world.server.order.length === 1501, { timeoutMs: 20_000 });
  expect(counted.looks.size).toBe(1500);
  expect(Math.max(...counted.looks.values())).toBeLessThanOrEqual(3);
  expect(world.server.texts().filter(Boolean).sort()).toEqual(
    calls.map((_, n) => `prompt ${n}`).sort(),
  );
}, 30_000);

test("A3: many prompts that wait are told by the transcript once each, with a few looks at each", async () => {
  await using world = makeWorld();
  await using _daemon = await startHere(world);
  const transcript = world.transcript();
  say(transcript, line("first"));
  await world.link();
  await world.begin();
  using counted = countLooks();
  await post(
    world,
    Array.from({ length: 400 }, (_, n) => prompt(n, transcript)),
  );
  // Line by line, so that there are many looks while all the others wait; the last one in other words.
  for (let n = 0; n < 400; n++) {
    const text = n === 399 ? "in other words" : `prompt ${n}`;
    say(transcript, line(text, { kind: "user.message", turn: `turn-${n}` }));
    if (n % 10 === 0) await until(() => world.server.texts().includes(text));
  }
  await until(() => world.server.order.length === 402);
  await world.drained();
  const told = world.server.texts().filter((text) => text?.startsWith("prompt"));
  expect(told).toEqual(Array.from({ length: 399 }, (_, n) => `prompt ${n}`));
  expect(Math.max(...counted.looks.values())).toBeLessThanOrEqual(3);
}, 30_000);

test("A8: what a hook says now is written down when it is answered, without waiting for a look", async () => {
  await using world = makeWorld();
  await using _daemon = await startHere(world);
  await world.link();
  await world.begin();
  for (let n = 2; n < 20; n++) {
    const fact = { kind: "notice", text: `n${n}`, release: "now" as const };
    await world.post(hook({ session: "one", hook: "X", transcript: world.transcript(), fact }));
    expect((await world.status()).bindings[0]?.events).toBe(n);
  }
});

test("A3: what a hook says now stands behind every line that was there before it", async () => {
  await using world = makeWorld();
  await using _daemon = await startHere(world);
  await world.link();
  await world.begin();
  const wanted: string[] = [];
  for (let n = 0; n < 30; n++) {
    const at = new Date(Date.now() - 1000).toISOString();
    say(world.transcript(), line(`line ${n}`, { at }));
    const fact = { kind: "notice", text: `hook ${n}`, release: "now" as const };
    await world.post(hook({ session: "one", hook: "X", transcript: world.transcript(), fact }));
    wanted.push(`line ${n}`, `hook ${n}`);
  }
  await until(() => world.server.order.length === 61);
  expect(world.server.texts().filter(Boolean)).toEqual(wanted);
});
