import { beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { until } from "../../src/lib/until.ts";
import { writeCredentials } from "../../src/machine/credentials.ts";
import { ask } from "../../src/machine/local.ts";
import type { Line, Status } from "../../src/wire/local.ts";
import { executable } from "../helpers/executable.ts";
import { BROKEN } from "./broken.ts";
import { type Computer, checksum, makeMachine } from "./kit.ts";

setDefaultTimeout(60_000);

let polaris = "";
beforeAll(async () => {
  polaris = await executable();
}, 240_000);

async function installed(): Promise<Computer> {
  const computer = await makeMachine([polaris]);
  computer.signIn();
  await computer.do("install");
  return computer;
}

const wrong = async (computer: Computer, ...args: string[]) =>
  (await computer.doctor(...args)).findings.filter(({ state }) => state === "wrong");

test("G7: a fresh installation is healthy, told one line each", async () => {
  await using computer = await installed();
  expect(await computer.doctor()).toMatchObject({ healthy: true });
  const said = await computer.do("doctor");
  for (const line of said.trim().split("\n")) expect(line).toMatch(/^[✓○] \w+/);
});

test("G7: what the recorder writes meanwhile, and takes away again, is nothing broken", async () => {
  await using computer = await installed();
  await using _writer = Bun.spawn([
    process.execPath,
    "-e",
    `const { closeSync, openSync, renameSync } = require("node:fs");
     const file = process.argv[1];
     for (;;) {
       closeSync(openSync(file + ".tmp", "w", 0o600));
       renameSync(file + ".tmp", file);
     }`,
    join(computer.place.home, "busy"),
  ]);
  for (let look = 0; look < 10; look++) {
    expect(await computer.doctor()).toMatchObject({ healthy: true });
  }
});

test("G7: there are more than twenty broken installations to repair", () => {
  expect(new Set(BROKEN.map(({ name }) => name)).size).toBeGreaterThanOrEqual(20);
});

test.each(BROKEN.map((broken) => [broken.name, broken] as const))(
  "G7: doctor finds and repairs it: %s",
  async (_, broken) => {
    await using computer = await installed();
    await broken.break(computer);
    const found = await wrong(computer);
    expect(found.map(({ check }) => check)).toContain(broken.check);
    for (const { fix } of found) expect(fix).toBeTruthy();
    const plain = await computer.run("doctor");
    expect(plain.code).toBe(1);

    const repaired = await computer.run("doctor", "--fix");
    expect(repaired).toMatchObject({ code: 0, err: "" });
    expect(repaired.out).toContain("repaired:");
    expect(await computer.doctor()).toMatchObject({ healthy: true });
    // It works, and not only by its own word.
    expect((await ask<Status>(computer.place, "/status")).pid).toBeGreaterThan(1);
    expect(existsSync(join(computer.plugin, "hooks/hooks.json"))).toBe(true);
    await computer.do("uninstall");
    // A file of somebody's that lay in the way is not ours to remove.
    expect(existsSync(join(computer.plugin, "SKILL.md"))).toBe(false);
  },
);

test("G1, G7: after the note of it was lost, uninstall still brings the settings back", async () => {
  await using computer = await makeMachine([polaris]);
  const mine = '{"statusLine":{"type":"command","command":"echo mine"},  "x": 1}';
  writeFileSync(computer.settings, mine);
  const before = checksum(computer.home);
  await computer.do("install");
  rmSync(join(computer.place.home, "install.json"));
  await computer.run("doctor", "--fix");
  const shown = await computer.run("statusline");
  expect(shown.out).toBe("mine\npolaris: not connected\n");
  await computer.do("uninstall");
  expect(readFileSync(computer.settings, "utf8")).toBe(mine);
  expect(Object.keys(checksum(computer.home)).filter((path) => !(path in before))).toEqual([
    ".claude/skills",
  ]);
});

test.each<[string, string, (computer: Computer) => void | Promise<void>]>([
  ["login", "nobody is signed in", ({ place }) => rmSync(place.credentials)],
  ["login", "does not hold credentials", ({ place }) => writeFileSync(place.credentials, "{}")],
  ["server", "does not answer", ({ server }) => server[Symbol.asyncDispose]()],
  ["status line", "left alone", ({ settings }) => writeFileSync(settings, "{ // mine\n}")],
])("G7: what only a person can mend is said with what to do (%s: %s)", async (check, says, act) => {
  await using computer = await installed();
  await act(computer);
  const [found, ...more] = await wrong(computer, "--fix");
  expect(more).toEqual([]);
  expect(found).toMatchObject({ check, says: expect.stringContaining(says) });
  expect(found?.fix).toBeTruthy();
});

test("F3, G7: every sign-in is looked at, not only the current one", async () => {
  await using computer = await installed();
  const { url, token } = computer.server;
  const home = { url, token, org: "test", participant: "user:manu" };
  const signedOut = "This machine was signed out.";
  const work = { url, org: "work", participant: "user:manu-2", signedOut };
  writeCredentials(computer.place.credentials, { current: "home", profiles: { home, work } });
  const logins = async () =>
    (await computer.doctor()).findings.filter(({ check }) => check === "login");
  expect(await logins()).toEqual([
    { check: "login", state: "ok", says: `user:manu at ${url} (home)` },
    {
      check: "login",
      state: "wrong",
      says: `${url} does not take user:manu-2's sign-in: ${signedOut}`,
      fix: `polaris login --url ${url} --profile work`,
    },
  ]);
  writeCredentials(computer.place.credentials, { current: null, profiles: { home } });
  expect(await logins()).toContainEqual(
    expect.objectContaining({ state: "wrong", fix: "polaris use home" }),
  );
  await computer.do("use", "home");
  expect(await computer.doctor()).toMatchObject({ healthy: true });
});

test("F3, G7: a sign-in that the server takes no more is found though nothing waits to be sent", async () => {
  await using computer = await installed();
  computer.server.setToken("another");
  await computer.do("install", "--refresh");
  const found = await until(async () =>
    (await computer.doctor()).findings.find(
      ({ check, state }) => check === "login" && state === "wrong",
    ),
  );
  expect((await computer.run("status")).out).toContain("○");
  const fix = found.fix?.split(" ").slice(1) ?? [];
  expect(fix).toEqual(["login", "--url", computer.server.url, "--profile", "default"]);
  await computer.do(...fix, "--token", "another");
  await until(async () => (await computer.doctor()).healthy);
});

test("A11, G7: a team's policy that cannot be read is found: nothing is sent unchecked", async () => {
  await using computer = await installed();
  writeFileSync(computer.place.policy, "{", { mode: 0o600 });
  const [found] = await until(async () => {
    const findings = await wrong(computer);
    return findings.length > 0 && findings;
  });
  expect(found).toMatchObject({ check: "secrets", says: expect.stringContaining("policy.json") });
  expect((await computer.run("status")).out).toContain("No event can be checked for secrets");
  rmSync(computer.place.policy);
  await until(async () => (await computer.doctor()).healthy);
});

test("G7: a clock that is an hour off the server's is found", async () => {
  await using computer = await installed();
  const date = new Date(Date.now() + 3_600_000).toUTCString();
  await using other = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: () => Response.json({ participant: "user:manu", org: "t" }, { headers: { date } }),
  });
  computer.signIn({ url: other.url.href });
  const [found] = await wrong(computer);
  expect(found).toMatchObject({ check: "clock", says: "60 minutes behind the server's" });
});

test("G7: line types that nobody knows yet are noticed", async () => {
  await using computer = await installed();
  const transcript = join(computer.folder, "t.jsonl");
  writeFileSync(transcript, "");
  await computer.do("join", "pj", "--agent-session", "s1", "--transcript", transcript);
  const line = { type: "brand-new", sessionId: "s1", uuid: crypto.randomUUID(), payload: 1 };
  writeFileSync(transcript, `${JSON.stringify(line)}\n`);
  const found = await until(async () =>
    (await computer.doctor()).findings.find(({ says }) => says.includes("brand-new")),
  );
  expect(found).toMatchObject({ check: "format", state: "note" });
});

test("G7: a recorder that was never installed is said, and nothing is done about it unasked", async () => {
  await using computer = await makeMachine([polaris]);
  const before = checksum(computer.home);
  const found = await wrong(computer, "--fix");
  expect(found.map(({ fix }) => fix)).toContain("polaris install");
  expect(checksum(computer.home)).toEqual(before);
});

test("G6, G7: a restarted recorder with nothing to send knows whether the server is there", async () => {
  await using computer = await installed();
  const state = async () => (await ask<Line>(computer.place, "/statusline?session=x")).server;
  await until(async () => (await state()) === "connected");
  await computer.do("install", "--refresh");
  await until(async () => (await state()) === "connected");
});

test("G7: status tells people and programs, without colour where no terminal is", async () => {
  await using computer = await installed();
  await until(async () => (await computer.do("status")).includes("● "));
  const said = await computer.do("status");
  expect(said).toMatch(/^Recorder {2}running \(pid \d+, \d/);
  expect(said).not.toContain("\u001b");
  mkdirSync(join(computer.folder, "w"));
  expect(JSON.parse(await computer.do("status", "--json"))).toMatchObject({
    update: null,
    journal: { pending: 0, refused: 0, refusals: [] },
    server: { state: "connected", ackedAt: null },
    bindings: [],
  });
});
