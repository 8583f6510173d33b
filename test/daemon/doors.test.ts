import { expect, test } from "bun:test";
import { writeAtomic } from "../../src/lib/file.ts";
import { uuid7 } from "../../src/lib/uuid.ts";
import { ANEW } from "./agent.ts";
import { hook, line, makeWorld, say, startHere, until, type World } from "./world.ts";

const prompt = (
  world: World,
  text: string,
  more: { id?: string; turn?: string; release?: "now" | "unseen" | "quiet" } = {},
) =>
  hook({
    session: "one",
    hook: "Prompt",
    transcript: world.transcript(),
    cwd: world.work,
    turn: "open",
    fact: { kind: "user.message", text, release: "unseen", ...more },
  });

test("A2: one fact is one event, whichever door it came through: same id by hook and transcript", async () => {
  await using world = makeWorld();
  await using _daemon = await startHere(world);
  await world.link();
  await world.begin();
  const id = uuid7();
  await world.post(prompt(world, "hello", { id, release: "now" }));
  say(world.transcript(), { id, kind: "user.message", text: "hello" }, line("answer"));
  await until(() => world.server.texts().includes("answer"));
  await world.drained();
  expect(world.server.texts()).toEqual([undefined, "hello", "answer"]);
});

test("A2: a prompt the transcript tells under another id is taken from the transcript, once", async () => {
  await using world = makeWorld();
  await using _daemon = await startHere(world);
  await world.link();
  await world.begin();
  await world.post(prompt(world, "same words"));
  await world.post(prompt(world, "/review", { turn: "t2" }));
  say(
    world.transcript(),
    line("same words ", { kind: "user.message" }),
    line("expanded", { kind: "user.message", turn: "t2" }),
  );
  await until(() => world.server.order.length === 3);
  say(world.transcript(), line("after"));
  await until(() => world.server.order.length === 4);
  await world.drained();
  expect(world.server.texts()).toEqual([undefined, "same words ", "expanded", "after"]);
});

test("A2: a prompt no transcript tells is written after all; told late, it stays one event", async () => {
  await using world = makeWorld();
  await using _daemon = await startHere(world);
  await world.link();
  await world.begin();
  await world.post(prompt(world, "typed", { turn: "t1" }));
  await until(() => world.server.texts().includes("typed"), { timeoutMs: 6_000 });
  say(world.transcript(), line("typed", { kind: "user.message", turn: "t1" }), line("answer"));
  await until(() => world.server.texts().includes("answer"));
  await world.drained();
  expect(world.server.texts().filter((text) => text === "typed")).toEqual(["typed"]);
});

test("A2: the end of a turn stands after its last lines, which reach the file late", async () => {
  await using world = makeWorld();
  await using _daemon = await startHere(world);
  await world.link();
  await world.begin();
  say(world.transcript(), line("working"));
  await world.post(
    hook({
      session: "one",
      hook: "Stop",
      transcript: world.transcript(),
      turn: "close",
      fact: { kind: "turn.end", text: "end", release: "quiet" },
    }),
  );
  await Bun.sleep(250);
  say(world.transcript(), line("last words"));
  await until(() => world.server.texts().includes("end"));
  expect(world.server.texts().slice(1)).toEqual(["working", "last words", "end"]);
});

test("A8: the same hook call through socket and spool is one event", async () => {
  await using world = makeWorld();
  await using _daemon = await startHere(world);
  await world.link();
  await world.begin();
  const call = prompt(world, "once", { release: "now", id: ANEW });
  await world.post(call);
  const file = `${world.place.spool}/${call.id}.json`;
  writeAtomic(file, JSON.stringify(call));
  await until(async () => !(await Bun.file(file).exists()));
  await world.post(prompt(world, "next", { release: "now" }));
  await until(() => world.server.texts().includes("next"));
  expect(world.server.texts().slice(1)).toEqual(["once", "next"]);
});

test("A6: a hook that is not JSON, unknown, or of an unknown agent gets a clear answer and harms nobody", async () => {
  await using world = makeWorld();
  await using _daemon = await startHere(world);
  await world.link();
  await world.begin();
  expect(await world.post(hook({ session: "", hook: "" }, { payload: "{not json" }))).toEqual({
    recorded: false,
  });
  expect(
    world.post(hook({ session: "one", hook: "X" }, { agent: "nobody" })),
  ).rejects.toMatchObject({ code: "invalid_input" });
  const raw = (body: string) =>
    fetch("http://p/hook", { unix: world.place.socket, method: "POST", body });
  expect((await raw("{")).status).toBe(400);
  expect((await raw('{"id":1}')).status).toBe(400);
  expect((await fetch("http://p/nothing", { unix: world.place.socket })).status).toBe(404);
  expect((await world.status()).pid).toBe(process.pid);
});

test("A6: a tool result of 10 MB, NUL and lone surrogates arrive whole", async () => {
  await using world = makeWorld();
  await using _daemon = await startHere(world);
  await world.link();
  await world.begin();
  const big = `${"result ".repeat(1_500_000)}end`;
  say(world.transcript(), line(big), line("nul \u0000 lone \ud83d"));
  await world.post(prompt(world, big, { release: "now" }));
  await until(() => world.server.order.length === 4, { timeoutMs: 15_000 });
  expect(world.server.texts().filter((text) => text === big).length).toBe(2);
  expect(world.server.texts()).toContain("nul \u0000 lone \ud83d");
}, 30_000);

test("A8: times are kept as they came, order is the order of arrival, with a clock two hours wrong", async () => {
  await using world = makeWorld();
  await using _daemon = await startHere(world);
  await world.link();
  await world.begin();
  const ago = new Date(Date.now() - 7_200_000).toISOString();
  const ahead = new Date(Date.now() + 7_200_000).toISOString();
  say(world.transcript(), line("a", { at: ahead }), line("b", { at: ago }), line("c"));
  await until(() => world.server.order.length === 4);
  expect(world.server.texts().slice(1)).toEqual(["a", "b", "c"]);
  expect(world.server.order.map(({ at }) => at).slice(1, 3)).toEqual([ahead, ago]);
  expect(world.server.order.map(({ pos }) => pos)).toEqual([1, 2, 3, 4]);
});

test("A8: what a hook says stands where the transcript was when it called, also when it was spooled", async () => {
  await using world = makeWorld();
  const at = (seconds: number) => new Date(Date.UTC(2026, 0, 1) + seconds * 1000).toISOString();
  const notice = (text: string, more = {}) =>
    hook(
      {
        session: "one",
        hook: "X",
        transcript: world.transcript(),
        fact: { kind: "notice", text, release: "now" },
      },
      more,
    );
  {
    await using _daemon = await startHere(world);
    await world.link();
    say(world.transcript(), line("before", { at: at(1) }));
    await world.begin();
    say(world.transcript(), line("a", { at: at(2) }));
    await world.post(notice("after a"));
    say(world.transcript(), line("b", { at: at(3) }));
    await until(() => world.server.texts().includes("b"));
    await world.drained();
  }
  say(world.transcript(), line("c", { at: at(4) }), line("d", { at: at(6) }));
  const spooled = notice("between c and d", { at: at(5) });
  writeAtomic(`${world.place.spool}/${spooled.id}.json`, JSON.stringify(spooled));
  await using _again = await startHere(world);
  await until(() => world.server.order.length === 8);
  expect(world.server.texts()).toEqual([
    "before",
    undefined,
    "a",
    "after a",
    "b",
    "c",
    "between c and d",
    "d",
  ]);
});
