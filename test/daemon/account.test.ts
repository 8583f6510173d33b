import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { homeOrg } from "../../src/core/people.ts";
import { startDaemon } from "../../src/daemon/daemon.ts";
import { silent } from "../../src/lib/log.ts";
import { until } from "../../src/lib/until.ts";
import { uuid7 } from "../../src/lib/uuid.ts";
import { changeCredentials, readCredentials, signIn } from "../../src/machine/credentials.ts";
import { ask } from "../../src/machine/local.ts";
import { paths } from "../../src/machine/paths.ts";
import { profileFrom } from "../../src/machine/tokens.ts";
import type { Status } from "../../src/wire/local.ts";
import { type Polaris, startPolaris } from "../helpers/polaris.ts";
import { temporary } from "../helpers/temp.ts";
import { letIn, type Person, startPerson } from "../server/machine.ts";
import { hook, line, say, tiny, transcriptOf } from "./agent.ts";
import { startProcess } from "./world.ts";

let polaris: Polaris;
let manu: Person;
beforeAll(async () => {
  // Three seconds instead of fifteen minutes: many renewals while a test runs.
  polaris = await startPolaris({ accessSeconds: 3 });
  manu = await startPerson(polaris);
});
afterAll(() => polaris[Symbol.asyncDispose]());

/** A machine whose home is its own, with doors into its recorder. */
function makeMachine(folder: string) {
  const place = paths(join(folder, "home"));
  const works = new Map<string, string>();
  return {
    folder,
    place,
    async signIn(person = manu, profile = "work") {
      const made = profileFrom(polaris.url, await letIn(polaris, person));
      await signIn(place, profile, made);
      return made;
    },
    status: () => ask<Status>(place, "/status"),
    async link(project: string) {
      const directory = join(folder, project);
      mkdirSync(directory, { recursive: true });
      works.set(project, directory);
      await ask(place, "/link", { directory, project });
    },
    /** The agent begins in the project's folder; answers where it writes. */
    async begin(session: string, project: string) {
      const transcript = transcriptOf(join(folder, "agent"), session);
      const fact = { kind: "session.start", release: "now" } as const;
      const start = { session, hook: "SessionStart", start: "startup" as const, transcript };
      const cwd = works.get(project) ?? folder;
      await ask(place, "/hook", hook({ ...start, cwd, fact }));
      return (text: string) => say(transcript, line(text));
    },
    daemon: () => startDaemon({ home: place.home, agents: [tiny], log: silent }),
  };
}

const texts = async (project: string): Promise<string[]> => {
  const rows = await polaris.database.admin`
    select e.text from events e join projects p on p.id = e.project_id
    where p.slug = ${project} and e.text is not null order by e.seq`;
  return rows.map(({ text }: { text: string }) => text);
};

test("F3: a recorder goes on over many renewals of its token; nothing is lost or doubled", async () => {
  await using folder = temporary();
  const machine = makeMachine(folder.path);
  const { device } = await machine.signIn();
  await using _daemon = await startProcess(machine);
  await machine.link("renewing");
  const tell = await machine.begin("one", "renewing");
  const told: string[] = [];
  const renewals = async () => {
    const [row] = await polaris.database.admin`
      select count(*)::int as n from refresh_tokens where device_id = ${device ?? ""}`;
    return row.n;
  };
  await until(
    async () => {
      told.push(`t${told.length}`);
      tell(told.at(-1) ?? "");
      return (await renewals()) >= 4;
    },
    { timeoutMs: 20_000, everyMs: 20 },
  );
  await until(async () => (await texts("renewing")).length >= told.length);
  expect(await texts("renewing")).toEqual(told);
  expect((await machine.status()).server).toMatchObject({ state: "connected", error: null });
}, 40_000);

test("F3: a revoked machine stops within five seconds, says so, and loses nothing until it is signed in again", async () => {
  await using folder = temporary();
  const machine = makeMachine(folder.path);
  const { device } = await machine.signIn();
  await using _daemon = await machine.daemon();
  await machine.link("revoked");
  const tell = await machine.begin("two", "revoked");
  tell("before");
  await until(async () => (await texts("revoked")).includes("before"));

  const at = performance.now();
  expect((await manu.send("DELETE", `/devices/${device}`)).status).toBe(200);
  tell("after");
  const { server } = await until(async () => {
    const status = await machine.status();
    return status.server.state === "signed_out" && status;
  });
  const ms = performance.now() - at;
  expect(ms).toBeLessThan(5_000);
  console.log(`revoked machine: signed out in its status after ${Math.round(ms)} ms`);
  expect(server.error).toBe("This machine was signed out.");
  tell("and more");
  await until(async () => (await machine.status()).journal.pending >= 2);
  expect(await texts("revoked")).toEqual(["before"]);

  // The same person on the same machine again: a new device, the same organisation.
  await machine.signIn();
  await until(async () => (await machine.status()).journal.pending === 0);
  expect(await texts("revoked")).toEqual(["before", "after", "and more"]);
}, 30_000);

test("F3: what was begun under one sign-in never goes to another organisation, and goes on while another is current", async () => {
  const org = uuid7();
  await polaris.database
    .admin`insert into orgs (id, slug, name) values (${org}, ${`o-${org}`}, 'Other')`;
  const elsewhere = await startPerson(polaris, { org });
  await using folder = temporary();
  const machine = makeMachine(folder.path);
  await machine.signIn(manu, "home");
  await using _daemon = await machine.daemon();
  await machine.link("mine");
  const mine = await machine.begin("three", "mine");
  mine("m1");
  await until(async () => (await texts("mine")).includes("m1"));

  // Another organisation becomes the current one, the folder stays where it was linked.
  await machine.signIn(elsewhere, "other");
  mine("m2");
  const again = await machine.begin("four", "mine");
  again("m3");
  await machine.link("theirs");
  const theirs = await machine.begin("five", "theirs");
  theirs("t1");
  await until(async () => (await texts("theirs")).includes("t1"));
  await until(async () => (await texts("mine")).length === 3);

  // Signed out of the first: its events wait, and do not go to the one that is left. The machine has the server's word
  // for those before, which comes after they can be read there; else they would wait with them.
  await until(async () => (await machine.status()).journal.pending === 0);
  await changeCredentials(machine.place, ({ profiles: { other } }) =>
    other ? { current: "other", profiles: { other } } : undefined,
  );
  await until(async () => (await machine.status()).profiles.length === 1);
  mine("m4");
  await until(async () => (await machine.status()).elsewhere === 1);
  theirs("t2");
  await until(async () => (await texts("theirs")).includes("t2"));
  expect(await texts("mine")).toEqual(["m1", "m2", "m3"]);

  // The name of the profile does not matter, the organisation does.
  await machine.signIn(manu, "renamed");
  await until(async () => (await texts("mine")).includes("m4"));
  const owners = await polaris.database.admin`
    select p.slug, p.org_id from projects p where p.slug in ('mine', 'theirs') order by p.slug`;
  expect(owners.map(({ org_id }: { org_id: string }) => org_id)).toEqual([
    await homeOrg(polaris.db),
    org,
  ]);
}, 30_000);

test("F3: recorded while nobody was signed in, it goes to the first who does, and to nobody else after", async () => {
  await using folder = temporary();
  const machine = makeMachine(folder.path);
  await using _daemon = await machine.daemon();
  await machine.link("early");
  const tell = await machine.begin("six", "early");
  tell("e1");
  await until(async () => (await machine.status()).journal.pending === 2);
  expect((await machine.status()).server).toMatchObject({
    state: "signed_out",
    error: "Nobody is signed in.",
  });
  await machine.signIn();
  await until(async () => (await texts("early")).includes("e1"));
  expect(Object.keys(readCredentials(machine.place.credentials).profiles)).toEqual(["work"]);
});
