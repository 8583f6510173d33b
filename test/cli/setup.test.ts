import { expect, setDefaultTimeout, test } from "bun:test";
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { until } from "../../src/lib/until.ts";
import { ask } from "../../src/machine/local.ts";
import { isAlive } from "../../src/machine/recorder.ts";
import type { Status } from "../../src/wire/local.ts";
import { hook } from "../daemon/world.ts";
import { checksum, makeMachine, SETTINGS } from "./kit.ts";

setDefaultTimeout(60_000);

/** Settings as people have them; each comes back byte for byte. */
const FORMS: [string, string][] = [
  ["tabs, odd spaces and CRLF", SETTINGS],
  ["one line", '{"theme":"dark","n":1}'],
  ["nothing in it", "{}"],
  ["nothing but space", "{ \n\n }\n"],
  ["a byte order mark", '\uFEFF{\n  "theme": "dark"\n}\n'],
  [
    "a status line",
    '{\n  "statusLine": {"command":"echo  \\"mine\\"", "type" :"command"},\n "x":[]}',
  ],
  ["a status line that is none", '{"statusLine": null , "z": {"statusLine": 1}}'],
  ["braces and quotes in strings", '{ "a}": "{\\"\\\\" ,"b": [{"c":"]"}] }'],
  [
    "the key twice",
    '{"statusLine":{"type":"command","command":"a"},"statusLine":{"type":"command","command":"b"}}',
  ],
];

test.each(FORMS)(
  "G1: install and uninstall leave settings with %s byte for byte",
  async (_, text) => {
    await using computer = await makeMachine();
    writeFileSync(computer.settings, text);
    const before = checksum(computer.home);
    await computer.do("install", "--no-service");
    const now = readFileSync(computer.settings, "utf8").replace(/^\uFEFF/, "");
    const after = JSON.parse(now);
    expect(after.statusLine.command).toEndWith("statusline");
    delete after.statusLine;
    const theirs = JSON.parse(text.replace(/^\uFEFF/, ""));
    delete theirs.statusLine;
    expect(after).toEqual(theirs);
    // A second time changes nothing.
    await computer.do("install", "--no-service");
    expect(readFileSync(computer.settings, "utf8").replace(/^\uFEFF/, "")).toBe(now);
    await computer.do("uninstall");
    expect(checksum(computer.home)).toEqual(before);
  },
);

test("G1: install with its service, then uninstall, leave a checksum-identical home and no process", async () => {
  await using computer = await makeMachine();
  mkdirSync(join(computer.claude, "skills/other"), { recursive: true });
  writeFileSync(join(computer.claude, "skills/other/SKILL.md"), "theirs");
  const before = checksum(computer.home);
  const done = JSON.parse(await computer.do("install", "--json"));
  expect(done).toMatchObject({ service: "process", statusLine: computer.settings, warnings: [] });
  const { pid } = await ask<Status>(computer.place, "/status");
  expect(isAlive(pid)).toBe(true);
  const said = await computer.do("uninstall");
  expect(said).toContain("Removed");
  expect(isAlive(pid)).toBe(false);
  expect(checksum(computer.home)).toEqual(before);
  expect(await computer.do("uninstall")).toContain("Nothing of Polaris is installed");
});

test("F3, G1: uninstall takes sign-in, policy and lock away too", async () => {
  await using computer = await makeMachine();
  const before = checksum(computer.home);
  await computer.do("login", "--url", computer.server.url, "--token", computer.server.token);
  await computer.do("install");
  writeFileSync(computer.place.policy, "{}", { mode: 0o600 });
  expect(readdirSync(computer.place.home)).toContain("credentials.lock");
  await computer.do("uninstall");
  expect(checksum(computer.home)).toEqual(before);
});

test("G1: where Claude Code has never run, uninstall takes the made folders away too", async () => {
  await using computer = await makeMachine();
  const bare = join(computer.folder, "bare");
  mkdirSync(bare);
  computer.env.HOME = bare;
  await computer.do("install", "--no-service");
  expect(readdirSync(bare).sort()).toEqual([".claude", ".polaris"]);
  await computer.do("uninstall");
  expect(readdirSync(bare)).toEqual([]);
});

test("G1: settings that change after install keep the change when Polaris goes", async () => {
  await using computer = await makeMachine();
  writeFileSync(computer.settings, '{"theme":"dark"}');
  await computer.do("install", "--no-service");
  const changed = { first: 1, ...JSON.parse(readFileSync(computer.settings, "utf8")), last: [] };
  writeFileSync(computer.settings, JSON.stringify(changed, null, 2));
  await computer.do("uninstall");
  const left = readFileSync(computer.settings, "utf8");
  expect(left).toBe('{\n  "first": 1,\n  "theme": "dark",\n  "last": []\n}');
});

test("G1: a status line that someone sets after install is theirs and stays", async () => {
  await using computer = await makeMachine();
  await computer.do("install", "--no-service");
  const mine = '{"statusLine":{"type":"command","command":"mine"}}';
  writeFileSync(computer.settings, mine);
  await computer.do("uninstall");
  expect(readFileSync(computer.settings, "utf8")).toBe(mine);
});

test("G1: settings that are a link into somebody's dotfiles stay a link", async () => {
  await using computer = await makeMachine();
  const dotfiles = join(computer.home, "dotfiles");
  mkdirSync(dotfiles);
  renameSync(computer.settings, join(dotfiles, "claude.json"));
  symlinkSync("../dotfiles/claude.json", computer.settings);
  const before = checksum(computer.home);
  await computer.do("install", "--no-service");
  expect(lstatSync(computer.settings).isSymbolicLink()).toBe(true);
  expect(readFileSync(join(dotfiles, "claude.json"), "utf8")).toContain("statusline");
  expect(readFileSync(join(dotfiles, "claude.json.polaris-backup"), "utf8")).toBe(SETTINGS);
  await computer.do("uninstall");
  expect(checksum(computer.home)).toEqual(before);
  expect(lstatSync(computer.settings).isSymbolicLink()).toBe(true);
});

test.each([
  ["comments", '{ // mine\n "theme": "dark" }'],
  ["half of it", '{"theme": '],
  ["a list", "[]"],
  ["no text", new Uint8Array([0x7b, 0xff, 0xfe, 0x7d])],
])("G1: settings with %s are left alone, and it is said", async (_, content) => {
  await using computer = await makeMachine();
  writeFileSync(computer.settings, content);
  const ran = await computer.run("install", "--no-service");
  expect(ran).toMatchObject({ code: 0 });
  expect(ran.out).toContain(`${computer.settings} is not a JSON object; it was left alone.`);
  expect(readFileSync(computer.settings)).toEqual(Buffer.from(content as string));
  expect(existsSync(join(computer.plugin, "SKILL.md"))).toBe(true);
});

test("G1: a dry run shows the diff and changes nothing", async () => {
  await using computer = await makeMachine();
  const before = checksum(computer.home);
  const said = await computer.do("install", "--dry-run");
  expect(said).toMatch(/^\+.*"statusLine":/m);
  expect(said).toContain(`+++ ${computer.settings}`);
  expect(said).toContain("Recorder: would run");
  const { files } = JSON.parse(await computer.do("install", "--dry-run", "--json"));
  expect(files.length).toBe(5);
  expect(checksum(computer.home)).toEqual(before);
});

test("G1: CLAUDE_CONFIG_DIR names the folder that is installed into", async () => {
  await using computer = await makeMachine();
  computer.env.CLAUDE_CONFIG_DIR = join(computer.home, "else where");
  const before = checksum(computer.home);
  await computer.do("install", "--no-service");
  expect(existsSync(join(computer.home, "else where/skills/polaris/SKILL.md"))).toBe(true);
  expect(readFileSync(computer.settings, "utf8")).toBe(SETTINGS);
  await computer.do("uninstall");
  expect(checksum(computer.home)).toEqual(before);
});

test.each([
  ["managed-settings.json", "allowManagedHooksOnly"],
  ["managed-settings.d/10-team.json", "disableAllHooks"],
])("G1: managed settings (%s, %s) that forbid hooks are said", async (file, key) => {
  await using computer = await makeMachine();
  const path = join(computer.folder, "managed", file);
  mkdirSync(join(path, ".."), { recursive: true });
  writeFileSync(path, JSON.stringify({ [key]: true }));
  expect(await computer.do("install", "--no-service")).toContain(`${path} sets ${key}`);
  const { healthy, findings } = await computer.doctor();
  expect(healthy).toBe(false);
  expect(findings).toContainEqual(
    expect.objectContaining({ check: "hooks allowed", state: "wrong" }),
  );
});

test("G1: what has not reached the server is asked about before it is removed", async () => {
  await using computer = await makeMachine();
  computer.signIn();
  computer.server.setTrouble(() => new Response("", { status: 503 }));
  await computer.do("install");
  const work = join(computer.folder, "work");
  mkdirSync(work);
  await computer.do("link", "site", work);
  await ask(computer.place, "/hook", {
    ...hook({ session: "one", hook: "SessionStart", cwd: work }),
    agent: "claude",
    payload: JSON.stringify({
      hook_event_name: "SessionStart",
      session_id: "one",
      source: "startup",
      cwd: work,
      transcript_path: join(work, "one.jsonl"),
    }),
  });
  const refused = await computer.run("uninstall");
  expect(refused).toMatchObject({ code: 1, out: "" });
  expect(refused.err).toContain("have not reached the server; nothing was removed");
  expect(existsSync(join(computer.plugin, "SKILL.md"))).toBe(true);
  // Also when no recorder runs any more.
  const { pid } = await ask<Status>(computer.place, "/status");
  process.kill(pid, "SIGKILL");
  expect((await computer.run("uninstall")).code).toBe(1);
  await computer.do("uninstall", "--keep-data");
  expect(existsSync(computer.place.journal)).toBe(true);
  expect(existsSync(computer.plugin)).toBe(false);
  await computer.do("uninstall", "--discard");
  expect(existsSync(computer.place.home)).toBe(false);
});

test("G1: a server's database beside the recorder's things stays", async () => {
  await using computer = await makeMachine();
  mkdirSync(join(computer.place.home, "server"), { recursive: true });
  writeFileSync(join(computer.place.home, "server/server.secret"), "precious");
  await computer.do("install", "--no-service");
  expect(await computer.do("uninstall")).toContain("Left");
  expect(readFileSync(join(computer.place.home, "server/server.secret"), "utf8")).toBe("precious");
});

test("A11, G1: what could not be checked for secrets has not been sent either", async () => {
  await using computer = await makeMachine();
  computer.signIn();
  await computer.do("install");
  const transcript = join(computer.folder, "t.jsonl");
  writeFileSync(transcript, "");
  await computer.do("join", "pj", "--agent-session", "s1", "--transcript", transcript);
  writeFileSync(computer.place.policy, "{", { mode: 0o600 });
  await until(async () => (await ask<Status>(computer.place, "/status")).unchecked.reason);
  const title = { type: "custom-title", customTitle: "A title", sessionId: "s1" };
  writeFileSync(transcript, `${JSON.stringify(title)}\n`);
  await until(async () => (await ask<Status>(computer.place, "/status")).unchecked.events === 1);
  const asked = /^polaris: 1 events have not reached the server/;
  expect((await computer.run("uninstall")).err).toMatch(asked);
  // Also when no recorder runs any more.
  process.kill((await ask<Status>(computer.place, "/status")).pid, "SIGKILL");
  expect((await computer.run("uninstall")).err).toMatch(asked);
  await computer.do("uninstall", "--discard");
});

test("F3, G1: polaris alone in a terminal installs, asks which server, and opens the sign-in there", async () => {
  await using computer = await makeMachine();
  let said = "";
  const child = Bun.spawn(computer.executable, {
    env: { ...computer.env, TERM: "dumb" },
    terminal: {
      cols: 200,
      rows: 50,
      data(_, part) {
        said += Buffer.from(part);
      },
    },
  });
  try {
    await until(() => said.includes("Which server?"));
    expect(said).toContain("Recorder: runs");
    child.terminal?.write(`${computer.server.url}\r`);
    const address = await until(() => /http\S+authorize\S+/.exec(said)?.[0]);
    expect(address).toStartWith(computer.server.url);
  } finally {
    child.kill("SIGKILL");
    await child.exited;
    child.terminal?.close();
  }
});

test("G1: polaris alone says what is missing where nobody can be asked", async () => {
  await using computer = await makeMachine();
  const before = checksum(computer.home);
  const said = await computer.do();
  expect(said).toContain("polaris install");
  expect(said).toContain("polaris login");
  expect(checksum(computer.home)).toEqual(before);
  await computer.do("install");
  expect(await computer.do()).not.toContain("polaris install");
  computer.signIn();
  expect(await computer.do()).toContain("Recorder  running");
});
