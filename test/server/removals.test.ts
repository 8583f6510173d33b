import { expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { SIDES, WORDLESS } from "../../src/core/sides.ts";
import { startSweeper } from "../../src/core/sweeper.ts";
import { silent } from "../../src/lib/log.ts";
import { until } from "../../src/lib/until.ts";
import type { CheckAnswer } from "../../src/wire/check.ts";
import type { RemovalAnswer, RemovalRow } from "../../src/wire/removal.ts";
import type { Page, Session } from "../../src/wire/session.ts";
import { type Polaris, startMachine, startPolaris } from "../helpers/polaris.ts";
import { followEvents } from "../helpers/sse.ts";

const OLD = "xylophone";

/** A project with a finished session of 2,500 old events and a live one with new ones. */
async function past(polaris: Polaris) {
  const old = startMachine({ name: "s-old" });
  const lines = Array.from({ length: 2_500 }, (_, at) => old.line({ text: `${OLD} ${at}` }));
  const title = old.line({ kind: "session.title", text: `${OLD} title` });
  await polaris.ingest([old.head(), ...lines, title]);
  await polaris.database.admin`update events set received_at = received_at - interval '40 days'`;
  const live = startMachine({ name: "s-live" });
  await polaris.ingest([live.head(), live.line({ text: "violin" }), live.line({ text: "cello" })]);
  await until(async () => (await find(polaris, OLD)) > 0 && (await find(polaris, "cello")) > 0);
  return { old, live, lines: [...lines, title] };
}

async function find(polaris: Polaris, word: string): Promise<number> {
  const found = await polaris.json<Page<unknown>>(`/search?project=demo&q=${word}`);
  return found.items.length;
}

async function remove(polaris: Polaris, wanted: object): Promise<RemovalAnswer> {
  const response = await polaris.call("/removals", {
    method: "POST",
    body: JSON.stringify(wanted),
  });
  if (!response.ok) throw new Error(`removals: ${response.status} ${await response.text()}`);
  return (await response.json()) as RemovalAnswer;
}

/** Everything the database holds, as text. */
async function everything({ database: { admin } }: Polaris): Promise<string> {
  const tables = await admin<{ name: string }[]>`
    select relname as name from pg_class
    where relnamespace = 'public'::regnamespace and relkind = 'r'`;
  const parts = [];
  for (const { name } of tables) {
    parts.push(JSON.stringify(await admin.unsafe(`select t::text from "${name}" t`)));
  }
  return parts.join("\n");
}

test("I7: a dry run says what would go and changes nothing", async () => {
  await using polaris = await startPolaris();
  await past(polaris);
  const before = await everything(polaris);
  const { dryRun, removed } = await remove(polaris, { project: "demo", olderThanDays: 30 });
  expect(dryRun).toBe(true);
  expect(removed).toEqual([
    {
      ...{ project: "demo", events: 2_501, sessions: 1, firstSeq: 1, lastSeq: 2_501, proofs: [] },
      bytes: expect.any(Number),
    },
  ]);
  expect(await everything(polaris)).toBe(before);
});

test("I7: what a project keeps no longer is gone from every table, and the audit proves what went", async () => {
  await using polaris = await startPolaris();
  const { live } = await past(polaris);
  const { admin } = polaris.database;
  const rows = await admin<{ seq: string; id: string; text: string; body: string }[]>`
    select seq, id, text, body::text from events where text like ${`${OLD}%`} order by seq limit 1000`;
  await admin`update projects set retention_days = 30`;
  await using _sweeper = startSweeper(polaris.db, silent);
  await until(async () => (await find(polaris, OLD)) === 0, { what: "the old events to be gone" });
  await until(async () => {
    const [row] = await admin<{ count: number }[]>`select count(*)::int as count from removals`;
    return row?.count === 3;
  });
  const left = await everything(polaris);
  expect(left).not.toContain(OLD);
  expect(left).toContain("violin");
  expect((await polaris.messages("/projects/demo")).map(({ seq }) => seq)).toEqual([2_502, 2_503]);
  const old = await polaris.json<Session>("/projects/demo/sessions/s-old");
  expect([old.title, old.lastPrompt]).toEqual([null, null]);

  // Whoever kept a copy of those events computes the same hash.
  const audit = await polaris.json<
    Page<{ detail: { sha256: string; events: number; from: number } }>
  >("/audit?action=events.removed");
  const first = audit.items.find(({ detail }) => detail.from === 1);
  const lines = rows.map(({ seq, id, text, body }) => {
    const content = createHash("sha256").update(`${text}\n${body}\n`).digest("hex");
    return `${seq} ${id} ${content}`;
  });
  const sha256 = createHash("sha256").update(lines.join("\n")).digest("hex");
  expect(first?.detail).toMatchObject({ events: 1_000, sha256 });
  const gaps = await polaris.json<Page<RemovalRow>>("/projects/demo/removals");
  expect(gaps.items.map(({ firstSeq, lastSeq }) => [firstSeq, lastSeq])).toEqual([
    [2_001, 2_501],
    [1_001, 2_000],
    [1, 1_000],
  ]);
  expect(gaps.items.at(-1)?.sha256).toBe(sha256);

  // The log goes on where it was.
  const { answer } = await polaris.ingest([live.head(), live.line()]);
  expect(answer.stored).toBe(1);
  expect((await polaris.messages("/projects/demo")).at(-1)?.seq).toBe(2_504);
});

test("I7: a machine that still holds what was removed cannot bring it back, and nothing counts as missing", async () => {
  await using polaris = await startPolaris();
  const { old, lines } = await past(polaris);
  await remove(polaris, { project: "demo", olderThanDays: 30, dryRun: false });
  const { answer } = await polaris.ingest([old.head(), ...lines, old.line({ text: "one more" })]);
  expect(answer).toMatchObject({ stored: 1, known: 2_501, acked: { [old.session]: 2_502 } });
  expect(await everything(polaris)).not.toContain(`${OLD} `);
  const ids = lines.map((line) => (JSON.parse(line) as { id: string }).id);
  const { machine } = JSON.parse(old.head()) as { machine: { id: string } };
  const hash = createHash("sha256");
  for (const id of ids) hash.update(`${id}\n`);
  const check = { session: old.session, from: 1, to: ids.length, floor: 1, holes: [] };
  const body = {
    machine: machine.id,
    checks: [{ ...check, count: ids.length, hash: hash.digest("hex") }],
  };
  const checked = await polaris.json<CheckAnswer>("/ingest/checks", {
    method: "POST",
    body: JSON.stringify(body),
  });
  expect(checked.checks).toEqual([{ session: old.session, state: "complete", missing: [] }]);
  const known = await polaris.json("/projects/demo/known", {
    method: "POST",
    body: JSON.stringify({ ids: ids.slice(0, 5) }),
  });
  expect(known).toEqual({ missing: [] });
});

test("I7: a reader who was away while events were removed goes on without a gap", async () => {
  await using polaris = await startPolaris();
  const { live } = await past(polaris);
  await remove(polaris, { project: "demo", olderThanDays: 30, dryRun: false });
  await using stream = await followEvents(polaris, "/projects/demo/events?after=7");
  await polaris.ingest([live.head(), live.line({ text: "now" })]);
  await until(() => stream.events.length >= 3, { what: "the events that are there" });
  expect(stream.events.map(({ seq }) => seq)).toEqual([2_502, 2_503, 2_504]);
});

test("I7: on request a person's words go, and with them what was answered to them alone", async () => {
  await using polaris = await startPolaris();
  const alone = startMachine({ name: "s-alone" });
  const krishna = { sender: "user:krishna" };
  const agent = { sender: "agent:claude", kind: "agent.message" };
  await polaris.ingest([
    alone.head(),
    alone.line({ ...krishna, text: "secretword one" }),
    alone.line({ ...agent, text: "answer to secretword" }),
  ]);
  const shared = startMachine({ name: "s-shared", project: "other" });
  await polaris.ingest([
    shared.head(),
    shared.line({ text: "manu asks" }),
    shared.line({ ...krishna, text: "secretword two" }),
    shared.line({ ...agent, text: "answer to manu" }),
  ]);
  const asked = { person: "user:krishna" };
  const { removed } = await remove(polaris, asked);
  expect(removed.map(({ project, events }) => [project, events])).toEqual([
    ["demo", 2],
    ["other", 1],
  ]);
  const done = await remove(polaris, { ...asked, dryRun: false });
  expect(done.removed.map(({ events, proofs }) => [events, proofs.length])).toEqual([
    [2, 1],
    [1, 1],
  ]);
  expect(await everything(polaris)).not.toContain("secretword");
  const left = await polaris.messages("/projects/other");
  expect(left.map(({ text }) => text)).toEqual(["manu asks", "answer to manu"]);
  const session = await polaris.json<Session>("/projects/other/sessions/s-shared");
  expect(session.lastPrompt).toBe("manu asks");
});

test("I7: every table of an organisation says how the words of events leave it", async () => {
  await using polaris = await startPolaris();
  const tables = await polaris.database.admin<{ name: string }[]>`
    select c.relname as name from pg_class c join pg_attribute a on a.attrelid = c.oid
    where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' and a.attname in ('org_id', 'project_id')
    group by c.relname`;
  const known = [...WORDLESS, ...Object.keys(SIDES)];
  expect(tables.map(({ name }) => name).filter((name) => !known.includes(name))).toEqual([]);
});

test("I7: advice goes with its event, its other words and its answer too, and cannot be sent back in", async () => {
  await using polaris = await startPolaris();
  const machine = startMachine({ name: "s-old" });
  await polaris.ingest([machine.head(), machine.line({ text: "begin" })]);
  const at = "/projects/demo/sessions/s-old";
  const ids = Array.from({ length: 2 }, () => crypto.randomUUID());
  for (const id of ids) await polaris.post(`${at}/inject`, { id, text: `${OLD} advice` });
  await polaris.call(`${at}/injections/${ids[0]}`, {
    method: "PATCH",
    body: JSON.stringify({ text: `${OLD} said better` }),
  });
  const answered = { kind: "injection.answered", sender: "agent:claude" };
  await polaris.ingest([
    machine.head(),
    machine.line({ ...answered, text: `${OLD} answer`, body: { injection: ids[1] } }),
  ]);
  // Aged but for the last: it answers advice that is gone by then.
  await polaris.database.admin`
    update events set received_at = received_at - interval '40 days' where kind <> 'injection.answered'`;
  await remove(polaris, { project: "demo", olderThanDays: 30, dryRun: false });
  const kept = await polaris.messages("/projects/demo");
  expect(kept.map(({ kind }) => kind)).toEqual(["injection.answered"]);
  expect((await polaris.json<Page<unknown>>(`${at}/injections`)).items).toEqual([]);
  const again = await polaris.post(`${at}/inject`, { id: ids[0], text: `${OLD} advice` });
  expect(again.status).toBe(409);
  await polaris.database.admin`update events set received_at = received_at - interval '40 days'`;
  await remove(polaris, { project: "demo", olderThanDays: 30, dryRun: false });
  expect(await everything(polaris)).not.toContain(OLD);
});
