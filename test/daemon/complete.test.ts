import { Database } from "bun:sqlite";
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { until } from "../../src/lib/until.ts";
import { writeCredentials } from "../../src/machine/credentials.ts";
import { ask } from "../../src/machine/local.ts";
import { paths } from "../../src/machine/paths.ts";
import type { Status } from "../../src/wire/local.ts";
import type { Page, Session } from "../../src/wire/session.ts";
import { type Polaris, startPolaris } from "../helpers/polaris.ts";
import { temporary } from "../helpers/temp.ts";
import { hook, line, say, transcriptOf } from "./agent.ts";
import { startProcess } from "./world.ts";

let polaris: Polaris;
beforeAll(async () => {
  polaris = await startPolaris();
});
afterAll(() => polaris[Symbol.asyncDispose]());

/** A signed-in machine with a linked folder and one session of so many answers, ended unless `live`. */
async function recorded(folder: string, project: string, { lines = 20, live = false } = {}) {
  const place = paths(join(folder, "home"));
  const work = join(folder, "work");
  mkdirSync(work, { recursive: true });
  mkdirSync(place.home, { recursive: true, mode: 0o700 });
  writeCredentials(place.credentials, {
    current: "work",
    profiles: { work: { url: polaris.url, token: polaris.token, participant: "user:manu" } },
  });
  const start = () => startProcess({ place, folder });
  const daemon = await start();
  await ask(place, "/link", { directory: work, project });
  const transcript = transcriptOf(join(folder, "agent"), project);
  const about = { session: project, transcript, cwd: work };
  const call = (more: object) => ask(place, "/hook", hook({ ...about, ...more } as never));
  const fact = { kind: "session.start", release: "now" as const };
  await call({ hook: "SessionStart", start: "startup", fact });
  say(transcript, ...Array.from({ length: lines }, (_, at) => line(`answer ${at}`)));
  const end = () =>
    call({ hook: "End", ended: true, fact: { kind: "session.end", release: "quiet" } });
  if (!live) await end();
  const session = async (): Promise<Session> => {
    const page = await polaris.json<Page<Session>>(`/projects/${project}/sessions`);
    return await polaris.json(`/projects/${project}/sessions/${page.items[0]?.name}`);
  };
  const state = (wanted: string) =>
    until(
      async () => {
        const now = await session();
        return now.completeness?.state === wanted && now;
      },
      { timeoutMs: 15_000, what: `the record to be ${wanted}` },
    );
  const status = () => ask<Status>(place, "/status");
  return { place, daemon, start, transcript, session, state, status, end };
}

const rows = async (project: string): Promise<{ pos: number; text: string | null }[]> =>
  await polaris.database.admin`
    select e.pos::int as pos, e.text from events e join projects p on p.id = e.project_id
    where p.slug = ${project} order by e.pos`;

test("A8: a session that ended is said to be complete, and open again when more comes", async () => {
  await using folder = temporary();
  const machine = await recorded(folder.path, "whole", { live: true });
  await using _daemon = machine.daemon;
  await until(async () => (await rows("whole")).length === 21);
  expect((await machine.session()).completeness).toEqual({ state: "open", missing: [] });
  await machine.end();
  await machine.state("complete");
  say(machine.transcript, line("last words"));
  await until(async () => (await rows("whole")).length === 23);
  expect((await machine.state("complete")).completeness?.missing).toEqual([]);
});

test("A8: a session that only fell quiet is compared too", async () => {
  await using folder = temporary();
  const machine = await recorded(folder.path, "quiet", { live: true });
  await using _daemon = machine.daemon;
  const at = performance.now();
  await machine.state("complete");
  expect(performance.now() - at).toBeGreaterThan(3_000);
}, 20_000);

test("A8: what the server has lost is found by the next comparison and sent again", async () => {
  await using folder = temporary();
  // More than one batch, so that the server's own word leads from gap to gap.
  const machine = await recorded(folder.path, "lossy", { live: true, lines: 1_500 });
  await using _daemon = machine.daemon;
  await until(async () => (await rows("lossy")).length === 1_501);
  await polaris.database.admin`
    delete from events where pos in (3, 4, 1400) and project_id =
      (select id from projects where slug = 'lossy')`;
  expect(await rows("lossy")).toHaveLength(1_498);
  await machine.end();
  await until(async () => (await rows("lossy")).length === 1_502, { timeoutMs: 15_000 });
  await machine.state("complete");
  expect((await rows("lossy")).map(({ pos }) => pos)).toEqual(
    Array.from({ length: 1_502 }, (_, at) => at + 1),
  );
}, 30_000);

test("A8: another event in the place of a recorded one does not pass for it", async () => {
  await using folder = temporary();
  const machine = await recorded(folder.path, "forged", { live: true });
  await using _daemon = machine.daemon;
  await until(async () => (await rows("forged")).length === 21);
  await polaris.database.admin`
    update events set id = gen_random_uuid(), text = 'something else' where pos = 9 and project_id =
      (select id from projects where slug = 'forged')`;
  await machine.end();
  await machine.state("complete");
  const at9 = (await rows("forged")).filter(({ pos }) => pos === 9).map(({ text }) => text);
  expect(at9.sort()).toEqual(["answer 7", "something else"]);
}, 30_000);

test("A8: what the machine no longer holds either is shown as missing, by its positions", async () => {
  await using folder = temporary();
  const machine = await recorded(folder.path, "gone", { live: true });
  await until(async () => (await rows("gone")).length === 21);
  await machine.daemon.kill();
  await polaris.database.admin`
    delete from events where pos in (3, 4) and project_id =
      (select id from projects where slug = 'gone')`;
  const journal = new Database(machine.place.journal);
  // Refused and set aside, with nothing put in their place.
  journal.run("update events set refused = 'trial' where pos in (3, 4)");
  journal.close();
  await using _daemon = await machine.start();
  await machine.end();
  const { completeness } = await machine.state("missing");
  expect(completeness).toEqual({ state: "missing", missing: [[3, 4]] });
  const session = await machine.session();
  const page = await polaris.call(`/app/p/gone/s/${session.name}`, {
    headers: { "sec-fetch-mode": "navigate" },
  });
  expect(await page.text()).toContain("2 missing: 3–4");
}, 30_000);

test("A8: a recorder asks nothing more once all is confirmed", async () => {
  await using folder = temporary();
  const machine = await recorded(folder.path, "calm");
  await using _daemon = machine.daemon;
  await until(async () => (await machine.session()).state === "finished");
  await machine.state("complete");
  const journal = new Database(machine.place.journal, { readonly: true });
  const open = journal.query("select 1 from sessions where next_pos - 1 > checked");
  // The server knows it before its answer is written down here.
  await until(() => open.get() === null);
  journal.close();
});
