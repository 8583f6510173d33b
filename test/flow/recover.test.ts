import { Database } from "bun:sqlite";
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { appendFileSync, cpSync, mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { until } from "../../src/lib/until.ts";
import type { Page, Session } from "../../src/wire/session.ts";
import { type Polaris, startPolaris } from "../helpers/polaris.ts";
import { RECORDED, type Recorder, startRecorder } from "../helpers/recorder.ts";

setDefaultTimeout(60_000);

let polaris: Polaris;
beforeAll(async () => {
  polaris = await startPolaris();
});
afterAll(() => polaris[Symbol.asyncDispose]());

/** A session that was recorded live from a recording and has ended; answers its transcript. */
async function recorded(machine: Recorder, project: string, name = "tui-main") {
  const cwd = await machine.linked(project);
  const file = join(machine.home, ".claude/projects/-live", `${crypto.randomUUID()}.jsonl`);
  const session = file.split("/").at(-1)?.replace(".jsonl", "") ?? "";
  const about = { session_id: session, transcript_path: file, cwd };
  await machine.hook({ ...about, hook_event_name: "SessionStart", source: "startup" });
  mkdirSync(dirname(file), { recursive: true });
  cpSync(join(RECORDED, `${name}.jsonl`), file);
  await machine.hook({ ...about, hook_event_name: "SessionEnd", reason: "other" });
  await until(
    async () => (await machine.events(project).catch(() => [])).at(-1)?.kind === "session.end",
  );
  const complete = async () => {
    const { items } = await polaris.json<Page<Session>>(`/projects/${project}/sessions`);
    const one = await polaris.json<Session>(`/projects/${project}/sessions/${items[0]?.name}`);
    return one.completeness?.state === "complete";
  };
  await until(complete);
  return { file, about, complete };
}

const ids = async (machine: Recorder, project: string) =>
  (await machine.events(project)).filter(({ kind }) => kind !== "recovered").map(({ id }) => id);

const lose = (project: string, part: "all" | "some") => polaris.database.admin`
  delete from events where project_id = (select id from projects where slug = ${project})
    and (${part === "all"} or pos % 3 = 0)`;

test("A9: what the server has lost comes back from the journal, once, and the session says so", async () => {
  await using machine = await startRecorder(polaris);
  const { complete } = await recorded(machine, "shaken");
  const before = await ids(machine, "shaken");
  expect((await machine.run("recover")).out.trim()).toBe("Nothing is missing.");
  await lose("shaken", "some");
  const lost = before.length - (await ids(machine, "shaken")).length;
  expect((await machine.run("recover", "--dry-run")).out).toContain(
    `${lost} events missing on the server.`,
  );
  expect(await ids(machine, "shaken")).toHaveLength(before.length - lost);
  expect((await machine.run("recover")).out).toContain(`${lost} events recovered.`);
  expect((await ids(machine, "shaken")).sort()).toEqual(before.sort());
  const notes = (await machine.events("shaken")).filter(({ kind }) => kind === "recovered");
  expect(notes.map(({ body }) => body)).toEqual([{ events: lost, journal: lost, transcript: 0 }]);
  await until(complete);

  // A second run has nothing to do and says nothing in the session.
  const all = await machine.events("shaken");
  expect((await machine.run("recover", "--yes")).out.trim()).toBe("Nothing is missing.");
  expect(await machine.events("shaken")).toEqual(all);
});

test("A9: a server that was set back to before the session gets it whole", async () => {
  await using machine = await startRecorder(polaris);
  await recorded(machine, "reset");
  const before = await ids(machine, "reset");
  await lose("reset", "all");
  const project = polaris.database.admin`select id from projects where slug = 'reset'`;
  await polaris.database.admin`delete from sources where project_id = (${project})`;
  const other = await machine.rows("recover", "--project", "another");
  expect(other).toEqual([]);
  const [row] = await machine.rows("recover", "--project", "reset");
  expect(row?.again).toBe(before.length);
  expect((await ids(machine, "reset")).sort()).toEqual(before.sort());
});

test("A9: what the journal no longer holds either comes back from the transcript", async () => {
  await using machine = await startRecorder(polaris);
  await recorded(machine, "pruned");
  const before = await ids(machine, "pruned");
  await machine.daemon.kill("SIGTERM");
  const journal = new Database(machine.place.journal);
  journal.run("delete from events");
  journal.close();
  const spoken = await polaris.database.admin`
    delete from events where via = 'transcript' and pos % 2 = 0
      and project_id = (select id from projects where slug = 'pruned') returning id`;
  await machine.daemon.start();
  expect((await machine.rows("recover"))[0]).toMatchObject({ again: 0, fresh: spoken.length });
  expect((await ids(machine, "pruned")).sort()).toEqual(before.sort());
  expect((await machine.run("recover")).out.trim()).toBe("Nothing is missing.");
});

test("A9: what came back under new positions is no longer shown as missing", async () => {
  await using machine = await startRecorder(polaris);
  const { file, about } = await recorded(machine, "refound");
  const words = Array.from({ length: 1_500 }, (_, n) => `word ${n}`);
  await machine.hook({ ...about, hook_event_name: "SessionStart", source: "resume" });
  appendFileSync(file, words.map((text) => said(text, about.session_id)).join(""));
  await machine.hook({ ...about, hook_event_name: "SessionEnd", reason: "other" });
  await until(async () => (await ids(machine, "refound")).length > 1_500);
  await machine.drained();
  // Full at once: what the server has and the index knows leaves the journal.
  await machine.daemon.kill("SIGTERM");
  machine.env.POLARIS_JOURNAL_MAX = "1";
  await machine.daemon.start();
  const journal = new Database(machine.place.journal, { readonly: true });
  await until(() => journal.query("select 1 from events where pos = 1").get() === null);
  journal.close();
  const before = await ids(machine, "refound");

  // The server was set back: of the session's beginning some is gone, and it knows of no position.
  const project = polaris.database.admin`select id from projects where slug = 'refound'`;
  const lost = await polaris.database.admin`
    delete from events where via = 'transcript' and pos between 10 and 400
      and project_id = (${project}) returning id`;
  await polaris.database.admin`delete from sources where project_id = (${project})`;
  const completeness = async () => {
    const { items } = await polaris.json<Page<Session>>("/projects/refound/sessions");
    const name = items[0]?.name;
    return (await polaris.json<Session>(`/projects/refound/sessions/${name}`)).completeness;
  };
  await machine.hook({ ...about, hook_event_name: "SessionStart", source: "resume" });
  await until(async () => (await completeness())?.state === "missing");

  expect((await machine.rows("recover"))[0]).toMatchObject({ fresh: lost.length });
  expect(await ids(machine, "refound")).toEqual(expect.arrayContaining(before));
  expect((await completeness())?.missing).toEqual([]);
  await machine.hook({ ...about, hook_event_name: "SessionEnd", reason: "other" });
  await until(async () => (await completeness())?.state === "complete");

  // A hook's own word is in no transcript: it stays missing, and only it.
  await polaris.database.admin`
    delete from events where pos = 1 and project_id = (${project})`;
  await polaris.database.admin`delete from sources where project_id = (${project})`;
  await machine.hook({ ...about, hook_event_name: "SessionStart", source: "resume" });
  await until(async () => (await completeness())?.state === "missing");
  await machine.run("recover");
  expect((await completeness())?.missing).toEqual([[1, 1]]);
});

const said = (text: string, sessionId: string, uuid: string = crypto.randomUUID()): string => {
  const message = { id: uuid, content: [{ type: "text", text }] };
  const timestamp = new Date().toISOString();
  return `${JSON.stringify({ type: "assistant", uuid, sessionId, timestamp, message })}\n`;
};

test("A9, A12: a recovery brings back nothing that was said off the record or before the join", async () => {
  await using machine = await startRecorder(polaris);
  const { file, about } = await recorded(machine, "private", "print-tools");
  const say = (text: string) => appendFileSync(file, said(text, about.session_id));
  await machine.hook({ ...about, hook_event_name: "SessionStart", source: "resume" });
  await machine.run("pause", "--agent-session", about.session_id);
  say("off the record");
  await machine.run("resume", "--agent-session", about.session_id);
  say("on the record");
  const texts = async () => (await machine.events("private")).map(({ text }) => text);
  await until(async () => (await texts()).includes("on the record"));

  const late = join(dirname(file), `${crypto.randomUUID()}.jsonl`);
  cpSync(join(RECORDED, "print-denied.jsonl"), late);
  const joined = late.split("/").at(-1)?.replace(".jsonl", "") ?? "";
  await machine.run("join", "joined", "--agent-session", joined, "--transcript", late);
  await machine.drained();
  const count = (await machine.events("joined")).length;

  expect((await machine.run("recover", "--dry-run")).out.trim()).toBe("Nothing is missing.");
  await lose("private", "all");
  await machine.run("recover");
  expect(await texts()).toContain("on the record");
  expect(await texts()).not.toContain("off the record");
  expect(await machine.events("joined")).toHaveLength(count);
});

test("A9: a session in a linked directory that no hook told of is found; one elsewhere is not", async () => {
  await using machine = await startRecorder(polaris);
  const cwd = await machine.linked("silent");
  const write = (folder: string, at: string, where: string) => {
    const file = join(machine.home, ".claude/projects", folder, `${crypto.randomUUID()}.jsonl`);
    mkdirSync(dirname(file), { recursive: true });
    const uuid = crypto.randomUUID();
    const message = { role: "user", content: `from ${folder}` };
    const line = { type: "user", uuid, sessionId: "s", timestamp: at, cwd: where, message };
    appendFileSync(file, `${JSON.stringify({ ...line, promptSource: "typed" })}\n`);
  };
  const now = new Date(Date.now() + 1_000).toISOString();
  write("-linked", now, cwd);
  write("-before", "2020-01-01T00:00:00.000Z", cwd);
  write("-elsewhere", now, "/home/dev/elsewhere");
  expect((await machine.run("recover", "--since", "1d")).out).toContain("silent");
  const texts = (await machine.events("silent")).flatMap(({ text }) => text ?? []);
  expect(texts).toEqual(["from -linked"]);
  expect((await machine.run("recover")).out.trim()).toBe("Nothing is missing.");
});

test("A9: a recovery that was killed goes on where it was", async () => {
  await using machine = await startRecorder(polaris);
  await recorded(machine, "killed");
  const before = await ids(machine, "killed");
  await lose("killed", "some");
  const killed = machine.run("recover");
  await until(async () => (await machine.status()).journal.pending > 0).catch(() => undefined);
  await machine.daemon.kill();
  await killed;
  await machine.daemon.start();
  await machine.run("recover");
  expect((await ids(machine, "killed")).sort()).toEqual(before.sort());
  expect((await machine.run("recover")).out.trim()).toBe("Nothing is missing.");
});
