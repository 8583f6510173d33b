import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { until } from "../../src/lib/until.ts";
import type { StoredEvent } from "../../src/wire/event.ts";
import type { Page, Session } from "../../src/wire/session.ts";
import { random } from "../bench/text.ts";
import { type Polaris, startPolaris } from "../helpers/polaris.ts";
import { startRecorder } from "../helpers/recorder.ts";
import { drawer, ISSUED } from "../machine/corpus-secrets.ts";

setDefaultTimeout(60_000);

let polaris: Polaris;
beforeAll(async () => {
  polaris = await startPolaris();
});
afterAll(() => polaris[Symbol.asyncDispose]());

const sessions = async (project: string) =>
  (await polaris.json<Page<Session>>(`/projects/${project}/sessions`)).items;
const told = (events: StoredEvent[]) => events.filter(({ source }) => source.via !== "polaris");

test("A10: transcripts are listed with size and dates, go nowhere unasked, and are imported once", async () => {
  await using machine = await startRecorder(polaris);
  const files = ["print-tools", "tui-main", "print-subagent-background"].map(machine.put);
  const listed = await machine.rows("import", "--list");
  expect(listed.map(({ path }) => path).sort()).toEqual(files.sort());
  for (const row of listed) {
    expect(row).toMatchObject({ project: null, skipped: "no project", cwd: "/home/dev/project" });
    expect(row.bytes).toBeGreaterThan(1_000);
    expect(Date.parse(row.from ?? "")).toBeLessThan(Date.parse(row.to ?? ""));
  }
  expect((await machine.run("import", "--list")).out).toContain("2026-11-20");
  expect((await machine.rows("import")).every(({ fresh }) => fresh === 0)).toBe(true);

  const dry = await machine.rows("import", "--project", "old", "--dry-run");
  expect((await polaris.call("/projects/old")).status).toBe(404);
  const done = await machine.rows("import", "--project", "old");
  expect(done.map(({ fresh }) => fresh)).toEqual(dry.map(({ fresh }) => fresh));
  await machine.drained();
  const log = await machine.events("old");
  // Each session's end is the recorder's own word.
  expect(told(log)).toHaveLength(done.reduce((sum, { fresh }) => sum + fresh, 0));
  expect(new Set(told(log).map(({ source }) => source.via))).toEqual(new Set(["import"]));
  expect(log.some(({ parent }) => parent)).toBe(true);
  expect((await sessions("old")).map(({ state }) => state)).toEqual([
    "finished",
    "finished",
    "finished",
  ]);
  const again = await machine.rows("import", "--project", "old");
  expect(again.map(({ fresh, skipped }) => ({ fresh, skipped }))).toEqual(
    again.map(() => ({ fresh: 0, skipped: "imported" })),
  );
  expect(await machine.events("old")).toHaveLength(log.length);
  const late = await machine.rows("import", "--project", "old", "--since", "2200-01-01");
  expect(late).toEqual([]);
});

test("A11: secrets in an imported transcript reach neither journal nor server", async () => {
  await using machine = await startRecorder(polaris);
  const file = machine.put("print-tools");
  const draw = drawer(random(11));
  const secrets = Object.values(ISSUED).map((make) => make(draw));
  const last = JSON.parse(readFileSync(file, "utf8").trimEnd().split("\n").at(-1) ?? "{}");
  for (const secret of secrets) {
    const message = { role: "user", content: `I use ${secret} now` };
    const own = { type: "user", uuid: crypto.randomUUID(), promptSource: "typed", message };
    appendFileSync(file, `${JSON.stringify({ ...last, ...own })}\n`);
  }
  await machine.rows("import", "--project", "guarded");
  await machine.drained();
  const log = await machine.events("guarded");
  expect(log.filter(({ text }) => text?.startsWith("I use"))).toHaveLength(secrets.length);
  const kept = ["", "-wal"].map((end) => readFileSync(`${machine.place.journal}${end}`, "latin1"));
  for (const place of [JSON.stringify(log), ...kept]) {
    for (const secret of secrets) expect(place).not.toContain(secret);
  }
});

test("A11: what cannot be checked for secrets is not imported, is said, and comes with the next import", async () => {
  await using machine = await startRecorder(polaris);
  machine.put("print-tools");
  const unchecked = async () => (await machine.status()).unchecked.reason;
  writeFileSync(machine.place.policy, "{ no policy");
  await until(async () => (await unchecked()) !== null);
  const [held] = await machine.rows("import", "--project", "unsure");
  expect(held?.fresh).toBe(0);
  expect(held?.skipped).toMatch(/^\d+ not checked for secrets \(policy\.json.*\): import again$/);
  expect((await polaris.call("/projects/unsure")).status).toBe(404);
  writeFileSync(machine.place.policy, "{}");
  await until(async () => (await unchecked()) === null);
  const [done] = await machine.rows("import", "--project", "unsure");
  expect(done).toMatchObject({ skipped: null, fresh: done?.events });
  await machine.drained();
  expect(told(await machine.events("unsure"))).toHaveLength(done?.events ?? 0);
});

test("A10: an import that takes its time shows how far it is, on a terminal and nowhere else", async () => {
  await using machine = await startRecorder(polaris);
  const lines = 30_000;
  long(machine.home, lines);
  const { code, drawn } = await machine.drawn("import", "--project", "drawn");
  expect(code).toBe(0);
  expect(drawn).toMatch(/[█░]{24} +\d+ % {2}\d+\.\d of \d+\.\d MB, \d+ new/);
  const shares = [...drawn.matchAll(/(\d+) % {2}/g)].map(([, share]) => Number(share));
  expect(shares).toEqual(shares.toSorted((a, b) => a - b));
  // The bar is gone when the result stands there.
  expect(drawn.lastIndexOf("█")).toBeLessThan(drawn.lastIndexOf("\r\u001b[K"));
  const piped = await machine.run("import", "--project", "drawn");
  expect(piped.out + piped.err).not.toContain("█");
});

test("A10: a transcript that grew is imported from where it was", async () => {
  await using machine = await startRecorder(polaris);
  const file = machine.put("print-tools");
  await machine.rows("import", "--project", "grown");
  const text = readFileSync(file, "utf8").trimEnd().split("\n").at(-1) ?? "{}";
  const line = { ...JSON.parse(text), type: "user", uuid: crypto.randomUUID(), promptId: "p" };
  const message = { role: "user", content: "One more thing" };
  appendFileSync(file, `${JSON.stringify({ ...line, promptSource: "typed", message })}\n`);
  const [row] = await machine.rows("import", "--project", "grown");
  expect(row).toMatchObject({ fresh: 1, skipped: null });
  await machine.drained();
  expect(
    (await machine.events("grown")).filter(({ text }) => text === "One more thing"),
  ).toHaveLength(1);
  expect(await sessions("grown")).toHaveLength(1);
});

test("A10: what was recorded live is not imported again; the same transcript tells the same events", async () => {
  await using machine = await startRecorder(polaris);
  await using other = await startRecorder(polaris);
  const cwd = await machine.linked("live");
  const file = machine.put("tui-main");
  const about = {
    session_id: file.split("/").at(-1)?.replace(".jsonl", ""),
    transcript_path: file,
    cwd,
  };
  await machine.hook({ ...about, hook_event_name: "SessionStart", source: "startup" });
  await until(async () => ((await machine.status()).bindings[0]?.events ?? 0) > 10);
  await machine.hook({ ...about, hook_event_name: "SessionEnd", reason: "other" });
  await until(async () => (await machine.status()).bindings.length === 0);
  await until(async () => (await machine.events("live")).at(-1)?.kind === "session.end");
  const live = await machine.events("live");
  const [row] = await machine.rows("import", "--project", "live");
  expect(row).toMatchObject({ fresh: 0, project: "live" });
  // Another machine with the same file: the same events, less what only hooks tell.
  other.put("tui-main");
  await other.rows("import", "--project", "copy");
  await other.drained();
  const copy = await other.events("copy");
  const ids = (events: StoredEvent[], via: string) =>
    events.filter(({ source }) => source.via === via).map(({ id }) => id);
  expect(ids(copy, "import")).toEqual(ids(live, "transcript"));
  const onlyHooks = live.filter(({ source }) => source.via === "hook").map(({ kind }) => kind);
  expect(onlyHooks).toEqual(["session.start", "session.end"]);
});

/** A transcript of so many answers, numbered. */
function long(home: string, lines: number): void {
  const project = join(home, ".claude/projects/-big");
  mkdirSync(project, { recursive: true });
  const session = crypto.randomUUID();
  const text = "x".repeat(400);
  for (let at = 0; at < lines; at += 1_000) {
    const part = Array.from({ length: 1_000 }, (_, n) =>
      JSON.stringify({
        type: "assistant",
        uuid: crypto.randomUUID(),
        sessionId: session,
        timestamp: new Date(1.7e12 + (at + n) * 1_000).toISOString(),
        cwd: "/home/dev/project",
        message: { id: `m${at + n}`, content: [{ type: "text", text: `${at + n} ${text}` }] },
      }),
    );
    appendFileSync(join(project, `${session}.jsonl`), `${part.join("\n")}\n`);
  }
}

test("A10: an import that was killed goes on where it was: nothing twice, nothing missing", async () => {
  await using machine = await startRecorder(polaris);
  const lines = 12_000;
  long(machine.home, lines);
  const killed = machine.run("import", "--project", "big");
  const halfway = async () => {
    const [row] = await polaris.database.admin`
      select count(*)::int as n from events e join projects p on p.id = e.project_id where slug = 'big'`;
    return row.n > 500;
  };
  await until(halfway, { timeoutMs: 30_000 });
  await machine.daemon.kill();
  expect((await killed).code).toBe(4);
  await machine.daemon.start();
  const [row] = await machine.rows("import", "--project", "big");
  expect(row?.fresh).toBeGreaterThan(0);
  expect(row?.fresh).toBeLessThan(lines);
  await machine.drained();
  const log = told(await machine.events("big"));
  const numbers = log.map((event) => Number.parseInt(event.text ?? "", 10));
  expect(numbers).toEqual(Array.from({ length: lines }, (_, at) => at));
  expect(await sessions("big")).toHaveLength(1);
  expect((await machine.rows("import", "--project", "big"))[0]).toMatchObject({ fresh: 0 });
});

test("A10: what a person left is not swept up with the rest; named, it is", async () => {
  await using machine = await startRecorder(polaris);
  const cwd = await machine.linked("left");
  const file = machine.put("print-denied");
  const session = file.split("/").at(-1)?.replace(".jsonl", "") ?? "";
  const about = { session_id: session, transcript_path: join(dirname(file), "none.jsonl"), cwd };
  await machine.hook({ ...about, hook_event_name: "SessionStart", source: "startup" });
  await until(async () => (await machine.status()).bindings.length === 1);
  await machine.run("leave", "--agent-session", session);
  expect(await machine.rows("import", "--project", "left")).toMatchObject([
    { fresh: 0, skipped: "was left" },
  ]);
  expect((await machine.rows("import", "--project", "left", file))[0]?.fresh).toBeGreaterThan(3);
  const gone = await machine.run("import", join(dirname(file), "nothing.jsonl"));
  expect(gone).toMatchObject({ code: 1 });
  expect(gone.err).toContain("There is no transcript");
});
