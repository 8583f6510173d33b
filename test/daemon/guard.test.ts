import { expect, test } from "bun:test";
import { readdirSync, readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { startDaemon } from "../../src/daemon/daemon.ts";
import { startLog } from "../../src/lib/log.ts";
import { random } from "../bench/text.ts";
import { drawer, ISSUED, NAMED } from "../machine/corpus-secrets.ts";
import { tiny } from "./agent.ts";
import { hook, line, makeWorld, say, startHere, until, type World } from "./world.ts";

const BROKEN = "{";
const policy = (world: World, content: string) => writeFileSync(world.place.policy, content);

/** Everything the recorder's home holds, byte by byte. */
function bytes(folder: string): string {
  return readdirSync(folder, { recursive: true })
    .map((name) => join(folder, String(name)))
    .filter((path) => statSync(path, { throwIfNoEntry: false })?.isFile())
    .map((path) => readFileSync(path, "latin1"))
    .join("\n");
}

const unchecked = async (world: World) => (await world.status()).unchecked;

test("A11: secrets in a transcript and in hooks reach neither journal, log nor server", async () => {
  await using world = makeWorld();
  const logged: string[] = [];
  const log = startLog("daemon", (text) => void logged.push(text));
  await using _daemon = await startDaemon({ home: world.place.home, agents: [tiny], log });
  await world.link();
  writeFileSync(join(world.work, ".env"), "APP_SECRET=correct-horse-battery\n");
  const draw = drawer(random(11));
  const secrets = Object.values(ISSUED).map((make) => make(draw));
  const named = Object.values(NAMED).map((make) => make(draw));
  await world.begin("one", {
    fact: { kind: "notice", text: `token ${secrets[0]}`, release: "now" },
  });
  const lines = [...secrets.map((one) => `I use ${one} now`), ...named.map(([text]) => text)];
  say(world.transcript(), ...lines.map((text) => line(text)), line("correct-horse-battery"));
  writeFileSync(
    world.transcript(),
    `${readFileSync(world.transcript(), "utf8")}{broken ${secrets[3]}\n`,
  );
  await until(() => world.server.order.length === lines.length + 3);
  await world.drained();
  const places = [bytes(world.place.home), logged.join(""), JSON.stringify(world.server.order)];
  for (const secret of [...secrets, ...named.map(([, one]) => one), "correct-horse-battery"]) {
    for (const place of places) expect(place).not.toContain(secret);
  }
  expect(places[2]).toContain("[redacted:env-value]");
});

test("A11: what cannot be checked waits as a pointer, is told, and comes once it can be checked", async () => {
  await using world = makeWorld();
  await using _daemon = await startHere(world);
  await world.link();
  await world.begin();
  say(world.transcript(), line("before"));
  await until(() => world.server.order.length === 2);
  policy(world, BROKEN);
  await until(async () => (await unchecked(world)).reason);
  say(world.transcript(), line("unseen words"), line("more of them"));
  await until(async () => (await unchecked(world)).events === 2);
  expect((await unchecked(world)).reason).toStartWith("policy.json");
  expect(bytes(world.place.home)).not.toContain("unseen words");
  expect(JSON.stringify(world.server.order)).not.toContain("unseen words");
  policy(world, JSON.stringify({ patterns: [{ kind: "ours", regex: "words" }] }));
  await until(() => world.server.order.length === 4);
  expect(world.server.texts().slice(2)).toEqual(["unseen [redacted:ours]", "more of them"]);
  // As if nothing had happened: each line was read once, in its place.
  expect(world.server.order.map(({ body }) => body.line)).toEqual([undefined, 0, 1, 2]);
  await until(async () => (await unchecked(world)).events === 0);
  say(world.transcript(), line("after"));
  await until(() => world.server.texts().includes("after"));
});

test("A11: a hook that cannot be checked is kept aside as it came, and taken once it can be checked", async () => {
  await using world = makeWorld();
  {
    await using _daemon = await startHere(world);
    await world.link();
    await world.begin();
    await until(() => world.server.order.length === 1);
    policy(world, BROKEN);
    await until(async () => (await unchecked(world)).reason);
    const fact = { kind: "notice", text: "unseen words", release: "now" as const };
    expect(await world.post(hook({ session: "one", hook: "Notice", fact }))).toEqual({
      recorded: true,
    });
    expect((await unchecked(world)).events).toBe(1);
    expect(readdirSync(world.place.unchecked)).toHaveLength(1);
    expect(
      statSync(join(world.place.unchecked, readdirSync(world.place.unchecked)[0] ?? "")).mode &
        0o777,
    ).toBe(0o600);
    const journal = ["", "-wal"].map((end) => readFileSync(world.place.journal + end, "latin1"));
    expect(journal.join("")).not.toContain("unseen words");
  }
  // A restart alone helps nothing; the policy's mending does, also while no recorder runs.
  {
    await using _daemon = await startHere(world);
    expect((await unchecked(world)).events).toBe(1);
  }
  policy(world, "{}");
  await using _daemon = await startHere(world);
  await until(() => world.server.texts().includes("unseen words"));
  expect(await unchecked(world)).toEqual({ events: 0, reason: null });
  expect(readdirSync(world.place.unchecked)).toEqual([]);
});

test("A11: what cannot be checked and whose transcript is gone is not forgotten", async () => {
  await using world = makeWorld();
  await using _daemon = await startHere(world);
  await world.link();
  await world.begin();
  await until(() => world.server.order.length === 1);
  policy(world, BROKEN);
  await until(async () => (await unchecked(world)).reason);
  say(world.transcript(), line("unseen words"));
  await until(async () => (await unchecked(world)).events === 1);
  renameSync(world.transcript(), `${world.transcript()}.old`);
  policy(world, "{}");
  await until(async () => (await unchecked(world)).reason?.includes("gone"));
  expect((await unchecked(world)).events).toBe(1);
});
