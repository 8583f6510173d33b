import { expect, test } from "bun:test";
import {
  appendFileSync,
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  watch,
} from "node:fs";
import { join } from "node:path";
import { jot } from "../../src/cli/hook-long.ts";
import { writeAtomic } from "../../src/lib/file.ts";
import { uuid7 } from "../../src/lib/uuid.ts";
import { left } from "../../src/machine/left.ts";
import { ask } from "../../src/machine/local.ts";
import type { HookCall } from "../../src/wire/local.ts";
import { quickest } from "../helpers/quickest.ts";
import { tell } from "./advising.ts";
import { makeSlates, program, type SlateWorld, serviceIn, startHere, until } from "./slates.ts";

const pause = (world: SlateWorld, agentSession?: string) =>
  ask(world.place, "/pause", { agentSession });
const resume = (world: SlateWorld, agentSession?: string) =>
  ask(world.place, "/resume", { agentSession });

const callOf = (payload: object): HookCall => ({
  ...{ id: uuid7(), at: new Date().toISOString(), agent: "claude", inbox: false },
  payload: JSON.stringify(payload),
});

/** As a hook does, without a process for each. */
const write = (world: SlateWorld, text: string) =>
  jot(world.place.slates, "one", JSON.stringify(callOf(world.says(text))));

const texts = (count: number, name = "n") =>
  Array.from({ length: count }, (_, at) => `${name}${at}`);

test("A1, A8: a hook of a recorded session waits for nobody, also while the recorder hangs", async () => {
  await using world = makeSlates();
  await using service = serviceIn(world);
  await service.start();
  await world.link();
  await world.hook(world.starts());
  process.kill(service.pid, "SIGSTOP");
  const said: string[] = [];
  // One that has to ask is felt for 300 ms.
  const unheard = await quickest(0, async () => {
    const began = performance.now();
    await world.hook({ ...world.says("elsewhere", "another"), cwd: world.folder });
    return performance.now() - began;
  });
  const ms = await quickest(unheard - 200, async () => {
    const began = performance.now();
    said.push(`n${said.length}`);
    await world.hook(world.says(said.at(-1) ?? ""));
    return performance.now() - began;
  });
  expect(ms).toBeLessThan(unheard - 200);
  expect(left(world.place)).toBe(said.length + 3);
  process.kill(service.pid, "SIGCONT");
  await world.hears(said);
  expect(world.notices()).toEqual(said);
  expect((await world.status()).spool).toBe(0);
});

test("A12: of a session that nobody joined, and of one off the record, no hook touches the disk", async () => {
  await using world = makeSlates();
  await using _daemon = await startHere(world);
  await world.link();
  await world.hook(world.starts());
  await world.hook(world.starts("startup", "two"));
  await pause(world, "one");
  expect([world.hangs("one"), world.hangs("two")]).toEqual([false, true]);
  const { spool, slates } = world.place;
  await until(() => readdirSync(slates).length === 1, { what: "slates that were taken in to go" });
  const touched: (string | null)[] = [];
  const watchers = [spool, slates].map((folder) => watch(folder, (_, name) => touched.push(name)));
  await world.hook(world.says("hidden"));
  const stranger = { ...world.says("hidden", "stranger"), cwd: world.folder };
  await world.hook(stranger);
  await world.hook({ deeper: { session_id: "two" }, ...stranger });
  await world.hook({ ...stranger, session_id: "../slates/two" });
  await pause(world);
  await world.hook(world.starts("startup", "three"));
  await world.hook(world.says("hidden", "three"));
  await world.hook(world.says("hidden", "two"));
  // What was noticed is told in order: with this all before it is known.
  for (const folder of [spool, slates]) writeAtomic(join(folder, "z"), "");
  await until(() => touched.filter((name) => name === "z").length >= 2);
  for (const watcher of watchers) watcher.close();
  // The whole machine's pause has taken in the second's.
  expect(touched.filter((name) => !/^(z|two)(\.|$)/.test(name ?? ""))).toEqual([]);
  await resume(world);
  expect(["one", "two", "three"].map(world.hangs)).toEqual([true, true, true]);
  await world.hook(world.says("after"));
  await world.hears(["after"]);
  expect(world.notices()).toEqual(["after"]);
});

test("A12: what a hook said before a pause is on the record, what comes late into it is not", async () => {
  await using world = makeSlates();
  await using _daemon = await startHere(world);
  await world.link();
  await world.hook(world.starts());
  for (const text of ["a", "b", "c"]) {
    expect(write(world, text)).toBe(true);
    await pause(world, "one");
    expect(world.hangs()).toBe(false);
    expect(write(world, "hidden")).toBe(false);
    await resume(world, "one");
  }
  await world.hears(["a", "b", "c"]);
  const kinds = world.server.order.slice(1).map(({ kind, text }) => (text ? text : kind));
  const [paused, resumed] = ["recording.paused", "recording.resumed"];
  const round = (text: string) => [text, paused, resumed];
  await until(() => world.server.order.length === 10);
  expect(kinds.slice(0, 6)).toEqual(["a", "b"].flatMap(round));
});

test("A8: a thousand calls at once are taken up in order, once, within a second", async () => {
  await using world = makeSlates();
  await using _daemon = await startHere(world);
  await world.link();
  await world.hook(world.starts());
  const all = texts(1000);
  for (const text of all) expect(write(world, text)).toBe(true);
  const began = performance.now();
  const { spool, bindings } = await world.status();
  expect(performance.now() - began).toBeLessThan(1000);
  expect([spool, bindings[0]?.events]).toEqual([0, 1001]);
  await world.hears(all);
  expect(world.notices()).toEqual(all);
});

test("A8: what comes through the socket does not overtake what lies on a slate", async () => {
  await using world = makeSlates();
  await using _daemon = await startHere(world);
  await world.link();
  await world.hook(world.starts());
  const all = texts(60);
  for (const [at, text] of all.entries()) {
    if (at % 3 > 0) expect(write(world, text)).toBe(true);
    else expect(await world.post(callOf(world.says(text)))).toEqual({ recorded: true });
  }
  await world.hears(all);
  expect(world.notices()).toEqual(all);
});

test("A8: recorders that are killed leave nothing unsaid and say nothing twice, slates and spool in order", async () => {
  await using world = makeSlates();
  await using service = serviceIn(world);
  await service.start();
  await world.link();
  await world.hook(world.starts());
  const said: string[] = [];
  const say = (text: string) => {
    if (write(world, text)) said.push(text);
  };
  for (let round = 0; round < 4; round++) {
    for (const text of texts(30, `${round}-up-`)) say(text);
    await service.kill();
    for (const text of texts(10, `${round}-down-`)) say(text);
    // Between the two places it is the millisecond that tells.
    await Bun.sleep(2);
    const call = callOf(world.says(`${round}-spooled`));
    writeAtomic(join(world.place.spool, `${call.id}.json`), JSON.stringify(call));
    said.push(`${round}-spooled`);
    expect(left(world.place)).toBeGreaterThan(10);
    await service.start();
  }
  expect(said.length).toBe(4 * 41);
  await world.hears(said);
  expect(world.notices()).toEqual(said);
  await service.kill("SIGTERM");
  expect([world.left(), left(world.place)]).toEqual([[], 0]);
}, 60_000);

const CALLS = 400;

test("A8: calls written while slates are changed for clean ones all arrive, once", async () => {
  await using world = makeSlates();
  await using _daemon = await startHere(world);
  await world.link();
  await world.hook(world.starts());
  const script = `
    import { jot } from ${JSON.stringify(join(import.meta.dir, "../../src/cli/hook-long.ts"))};
    import { ask } from ${JSON.stringify(join(import.meta.dir, "../../src/machine/local.ts"))};
    const [slates, socket, payload, name] = process.argv.slice(-4);
    for (let n = 0; n < ${CALLS}; n++) {
      const id = Bun.randomUUIDv7();
      const text = payload.replace("WORDS", name + n);
      const call = { id, at: new Date().toISOString(), agent: "claude", inbox: false, payload: text };
      if (!jot(slates, "one", JSON.stringify(call))) {
        await ask({ socket }, "/hook", call, 10_000);
      }
      await Bun.sleep(5);
    }
  `;
  const { slates, socket } = world.place;
  const [bun = ""] = program;
  const names = texts(3, "w");
  const began = performance.now();
  const writers = names.map((name) =>
    Bun.spawn(
      [bun, "-e", script, slates, socket, JSON.stringify(world.says("WORDS")), `${name}-`],
      { env: world.env, stdout: "ignore", stderr: "inherit" },
    ),
  );
  expect(await Promise.all(writers.map(({ exited }) => exited))).toEqual([0, 0, 0]);
  const took = performance.now() - began;
  await world.drained();
  const told = world.notices();
  for (const name of names) {
    expect(told.filter((text) => text?.startsWith(name))).toEqual(texts(CALLS, `${name}-`));
  }
  // At least one clean slate was hung out meanwhile.
  expect(took).toBeGreaterThan(1_000);
}, 60_000);

test("A8: what has no room on its slate is said to the recorder, and its beginning hides nothing", async () => {
  await using world = makeSlates();
  await using _daemon = await startHere(world);
  await world.link();
  await world.hook(world.starts());
  appendFileSync(world.slate(), '\n{"id":"half of a call');
  expect(write(world, "behind it")).toBe(true);
  await world.hears(["behind it"]);
  rmSync(world.place.slates, { recursive: true });
  await world.hook(world.says("without a slate"));
  await world.hears(["behind it", "without a slate"]);
  await until(() => world.hangs(), { what: "a slate again" });
  await world.hook(world.says("again"));
  await world.hears(["behind it", "without a slate", "again"]);
  expect(world.notices()).toEqual(["behind it", "without a slate", "again"]);
  expect(await world.status()).toMatchObject({ spool: 0, damaged: 0 });
}, 30_000);

test("A8, F6: what a hook wrote is gone from its slate soon after, and nobody else reads it meanwhile", async () => {
  await using world = makeSlates();
  await using _daemon = await startHere(world);
  await world.link();
  await world.hook(world.starts());
  await world.hook(world.says("seen by its owner"));
  expect((await Bun.file(world.slate()).stat()).mode & 0o777).toBe(0o600);
  await world.hears(["seen by its owner"]);
  await until(() => world.left().join() === "one" && readFileSync(world.slate()).length === 0);
});

test("A1: a session that ends takes its slate with it, one that is taken up again gets one, and a start is answered", async () => {
  await using world = makeSlates();
  await using _daemon = await startHere(world);
  await world.link();
  const start = async (source: string) => {
    const child = Bun.spawn([...program, "hook"], {
      env: world.env,
      stdin: Buffer.from(JSON.stringify(world.starts(source))),
      stdout: "pipe",
    });
    return await new Response(child.stdout).text();
  };
  expect(await start("startup")).toContain("polaris-bell");
  expect(world.hangs()).toBe(true);
  expect(await start("compact")).toContain("polaris-bell");
  const bell = join(world.place.bells, "one");
  expect(existsSync(bell)).toBe(true);
  await world.hook({ ...world.says(""), hook_event_name: "SessionEnd", reason: "exit" });
  await until(() => !world.hangs() && !existsSync(bell));
  expect(await start("resume")).toContain("polaris-bell");
  expect([world.hangs(), existsSync(bell)]).toEqual([true, true]);
  await ask(world.place, "/leave", { agentSession: "one" });
  expect(world.hangs()).toBe(false);
});

test("C3, C4: while advice waits for a hook to carry it, the session's hooks ask; then they go their short way again", async () => {
  await using world = makeSlates();
  await using _daemon = await startHere(world);
  await world.link();
  await world.hook(world.starts());
  await world.drained();
  expect(world.hangs()).toBe(true);
  // Nothing of Polaris runs in there that could hand it over.
  await tell(world, "injection.queued", { text: "use the fixtures" });
  await until(() => !world.hangs(), { what: "the slate to be taken in" });
  const child = Bun.spawn([...program, "hook"], {
    env: world.env,
    stdin: Buffer.from(JSON.stringify({ ...world.says(""), hook_event_name: "Stop" })),
    stdout: "pipe",
  });
  expect(await new Response(child.stdout).text()).toContain("use the fixtures");
  await until(() => world.hangs(), { what: "a slate again", timeoutMs: 30_000 });
}, 45_000);

test("A8: what hooks say before there is a recorder, and between two, waits in one file for its owner, in order", async () => {
  await using world = makeSlates();
  const shared = join(world.place.spool, "calls.jsonl");
  const names = ["starts", ...Array.from({ length: 5 }, (_, n) => `before-${n}`)];
  for (const name of names) await world.hook(name === "starts" ? world.starts() : world.says(name));
  // The first had nowhere to write, and has made room for the others.
  expect([left(world.place), readdirSync(world.place.spool).length]).toEqual([6, 2]);
  expect((await Bun.file(shared).stat()).mode & 0o777).toBe(0o600);
  await using service = serviceIn(world);
  await service.start();
  await world.link();
  await service.kill("SIGTERM");
  await world.hook(world.starts("startup", "two"));
  await world.hook(world.says("between", "two"));
  await service.start();
  await world.hears(["between"]);
  await service.kill("SIGKILL");
  await world.hook({ ...world.says("after a kill", "two"), cwd: world.folder });
  await service.start();
  await world.hears(["between", "after a kill"]);
  expect(world.notices()).toEqual(["between", "after a kill"]);
  await until(() => left(world.place) === 0);
  await service.kill("SIGTERM");
  expect([world.left(), readFileSync(shared, "utf8")]).toEqual([[], ""]);
});

test("A6, A8: a call that this recorder cannot take is kept aside, once, and those behind it are taken", async () => {
  await using world = makeSlates();
  const odd = JSON.stringify(world.says("of an agent to come"));
  await world.hook(world.starts());
  const later = Bun.spawn([...program, "hook", "--agent", "later"], {
    env: world.env,
    stdin: Buffer.from(odd),
  });
  expect(await later.exited).toBe(0);
  await world.hook(world.says("behind it"));
  // As one leaves it that is killed just when it takes it in.
  const shared = join(world.place.spool, "calls.jsonl");
  renameSync(shared, `${shared}.${Bun.randomUUIDv7()}`);
  await using _daemon = await startHere(world);
  await until(async () => (await world.status()).spool === 0);
  expect(await world.status()).toMatchObject({ damaged: 1 });
  const kept = readdirSync(world.place.damaged).map((name) =>
    readFileSync(join(world.place.damaged, name), "utf8"),
  );
  expect(kept.map((text) => JSON.parse(text))).toMatchObject([{ agent: "later", payload: odd }]);
});
