import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { renameSync } from "node:fs";
import { append } from "../../src/daemon/events.ts";
import { startJournal } from "../../src/daemon/journal.ts";
import { prune } from "../../src/daemon/prune.ts";
import { begin } from "../../src/daemon/sessions.ts";
import { silent } from "../../src/lib/log.ts";
import type { Event } from "../../src/wire/event.ts";
import type { Line } from "./agent.ts";
import { line, makeWorld, say, startHere, until, type World } from "./world.ts";

/** More than go into the index at once. */
const LINES = Array.from({ length: 4_500 }, (_, n) => line(`line ${n}`));

/** The transcript as a new file, so that every line of it is read again, and one line more. */
async function again(world: World, lines: Line[], last: string): Promise<void> {
  const next = `${world.transcript()}.new`;
  say(next, ...lines, line(last));
  renameSync(next, world.transcript());
  await until(() => world.server.texts().includes(last), { timeoutMs: 30_000, what: last });
  await world.drained();
}

function inJournal<T>(world: World, work: (db: Database) => T): T {
  using db = new Database(world.place.journal);
  return work(db);
}

const count = (world: World, table: string) =>
  inJournal(
    world,
    (db) => db.query<{ n: number }, []>(`select count(*) as n from ${table}`).get()?.n,
  );

test("A8: thousands of lines read again are no news: by memory, by the index, after a restart", async () => {
  await using world = makeWorld();
  {
    await using _daemon = await startHere(world);
    await world.link();
    await world.begin();
    say(world.transcript(), ...LINES);
    await until(() => world.server.order.length === 4_501, { timeoutMs: 30_000 });
    await again(world, LINES, "second reading");
    expect(count(world, "ids")).toBeGreaterThanOrEqual(2_000);
    expect(count(world, "ids")).toBeLessThan(4_502);
    expect(count(world, "events")).toBe(4_502);
  }
  await using _daemon = await startHere(world);
  await again(world, LINES, "third reading");
  expect(count(world, "events")).toBe(4_503);
}, 60_000);

test("A8: a journal of the version before is taken over whole", async () => {
  await using world = makeWorld();
  const lines = LINES.slice(0, 50);
  {
    await using _daemon = await startHere(world);
    await world.link();
    await world.begin();
    say(world.transcript(), ...lines);
    await until(() => world.server.order.length === 51);
    await world.drained();
  }
  inJournal(world, (db) => {
    db.run("drop table ids");
    db.run("drop table indexed");
    db.run("alter table bindings drop column process");
    db.run("create unique index events_id on events (id)");
    db.run("pragma user_version = 1");
  });
  await using _daemon = await startHere(world);
  await again(world, lines, "once more");
  expect(world.server.order.map(({ pos }) => pos)).toEqual(
    Array.from({ length: 52 }, (_, at) => at + 1),
  );
  expect(count(world, "events")).toBe(52);
});

const event = (id: string): Event => ({
  id,
  at: new Date().toISOString(),
  sender: "agent:claude",
  kind: "agent.message",
  text: "what was to be said",
  body: {},
  source: { agent: "claude", translator: 1, via: "transcript" },
});

test("A8: what a failed write took back is written when it comes again", async () => {
  await using world = makeWorld();
  await using journal = startJournal(`${world.folder}/journal.db`, silent);
  const { db } = journal;
  const { id } = await journal.write(() =>
    begin(db, { project: "site", agent: "agent:claude", driver: "user:manu" }),
  );
  const one = event(crypto.randomUUID());
  const failing = journal.write(() => {
    append(db, id, [one]);
    throw new Error("in the middle");
  });
  const beside = journal.write(() => append(db, id, [event(crypto.randomUUID())]));
  await expect(failing).rejects.toThrow("in the middle");
  expect(await beside).toBe(1);
  expect(await journal.write(() => append(db, id, [one]))).toBe(1);
  expect(await journal.write(() => append(db, id, [one]))).toBe(0);
});

test("A8: a full journal drops what the server has, oldest first, and nothing else", async () => {
  await using world = makeWorld();
  await using journal = startJournal(`${world.folder}/journal.db`, silent);
  const { db } = journal;
  const { id } = await journal.write(() =>
    begin(db, { project: "site", agent: "agent:claude", driver: "user:manu" }),
  );
  const events = Array.from({ length: 3_000 }, () => event(crypto.randomUUID()));
  await journal.write(() => append(db, id, events));
  // The ids go into the index with the next write.
  await until(
    async () => (await journal.write(() => db.query("select 1 from ids").get())) !== null,
  );
  await journal.write(() => db.query("update sessions set acked = 1000").run());
  await prune(journal, 1);
  const left = db.query<{ n: number; first: number }, []>(
    "select count(*) as n, min(pos) as first from events",
  );
  expect(left.get()).toEqual({ n: 2_000, first: 1_001 });
  // Forgotten with its event: when the server loses it, the transcript may tell it again.
  expect(await journal.write(() => append(db, id, events.slice(0, 1)))).toBe(1);
  expect(await journal.write(() => append(db, id, events.slice(-1)))).toBe(0);
});
