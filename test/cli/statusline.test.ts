import { expect, setDefaultTimeout, test } from "bun:test";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { until } from "../../src/lib/until.ts";
import { writeCredentials } from "../../src/machine/credentials.ts";
import { ask } from "../../src/machine/local.ts";
import type { Line } from "../../src/wire/local.ts";
import { quickest } from "../helpers/quickest.ts";
import { type Computer, makeMachine } from "./kit.ts";
import { start } from "./program.ts";

setDefaultTimeout(60_000);

const FIXTURES = join(import.meta.dir, "../fixtures/claude-code-2.1.329/statusline");
const payload = (name: string) => readFileSync(join(FIXTURES, `${name}.json`), "utf8");
const SESSION = "542e82f4-79bf-4d01-9398-a36db7bfff29";

const shown = (computer: Computer, stdin: string | Uint8Array, env = {}) =>
  start([...computer.executable, "statusline"], { ...computer.env, ...env }, stdin);

const quiet = (out: string) => ({ code: 0, out, err: "" });

/** The far end of the socket, saying what a recorder would. */
function startSaying(computer: Computer, answer: () => Response | Promise<Response>) {
  mkdirSync(computer.place.home, { recursive: true });
  const asked: string[] = [];
  const server = Bun.serve({
    unix: computer.place.socket,
    fetch(request) {
      asked.push(request.url);
      return answer();
    },
  });
  return { asked, [Symbol.asyncDispose]: () => server.stop(true) };
}

const line: Line = {
  session: { project: "pj", name: "s-7a3f" },
  who: "user:manu",
  server: "connected",
  pending: 0,
  update: null,
};

test.each(["start", "after-two-turns"])(
  "G6: a recorded session is shown with project, name, driver and connection (%s)",
  async (name) => {
    await using computer = await makeMachine();
    computer.signIn();
    await computer.do("install");
    const file = join(computer.folder, "t.jsonl");
    await computer.do("join", "pj", "s-7a3f", "--agent-session", SESSION, "--transcript", file);
    const ran = await until(async () => {
      const now = await shown(computer, payload(name));
      return now.out.includes("● connected") && now;
    });
    expect(ran).toMatchObject(quiet("polaris: pj/s-7a3f (user:manu) ● connected\n"));
    await computer.do("leave", "--agent-session", SESSION);
    expect(await shown(computer, payload(name))).toMatchObject(quiet("polaris: not connected\n"));
  },
);

test.each<[Partial<Line>, string]>([
  [{}, "polaris: pj/s-7a3f (user:manu) ● connected"],
  [{ pending: 7 }, "polaris: pj/s-7a3f (user:manu) ● connected"],
  [{ pending: 1200 }, "polaris: pj/s-7a3f (user:manu) ● connected · 1200 to send"],
  [
    { server: "waiting", pending: 12 },
    "polaris: pj/s-7a3f (user:manu) ○ waiting for the server · 12 to send",
  ],
  [{ server: "signed_out" }, "polaris: pj/s-7a3f (user:manu) ○ signed out"],
  [
    { update: "0.2.0" },
    "polaris: pj/s-7a3f (user:manu) ● connected · update 0.2.0: polaris update",
  ],
  [{ session: null, who: null }, "polaris: not connected"],
  [
    { session: null, who: null, update: "0.2.0" },
    "polaris: not connected · update 0.2.0: polaris update",
  ],
])("G6: %o reads so", async (more, text) => {
  await using computer = await makeMachine();
  await using recorder = startSaying(computer, () => Response.json({ ...line, ...more }));
  expect(await shown(computer, payload("start"))).toMatchObject(quiet(`${text}\n`));
  expect(recorder.asked[0]).toEndWith(`/statusline?session=${SESSION}`);
});

test("G6: without a recorder, with one that hangs or answers nonsense, it says not connected and nothing else", async () => {
  await using computer = await makeMachine();
  const none = quiet("polaris: not connected\n");
  expect(await shown(computer, payload("start"))).toMatchObject(none);
  for (const stdin of ["", "{", "null", '{"session_id":5}', new Uint8Array([0xff, 0xfe])]) {
    expect(await shown(computer, stdin)).toMatchObject(none);
  }
  for (const answer of ["hello", "null", "{}", '{"session":{}}']) {
    await using _recorder = startSaying(computer, () => new Response(answer));
    expect((await shown(computer, payload("start"))).err).toBe("");
  }
  await using _hung = startSaying(computer, () => new Promise(() => {}));
  const ms = await quickest(1000, async () => {
    const ran = await shown(computer, payload("start"));
    expect(ran).toMatchObject(none);
    return ran.ms;
  });
  expect(ms).toBeLessThan(1000);
});

test("G6: the status line that was there is run first, with the same input, and shown above", async () => {
  await using computer = await makeMachine();
  const mine = 'read -r all; echo "mine $(printf %s "$all" | wc -c | tr -d \' \')"; echo two';
  writeFileSync(
    computer.settings,
    JSON.stringify({ statusLine: { type: "command", command: mine, padding: 2 } }),
  );
  await computer.do("install", "--no-service");
  const { statusLine } = JSON.parse(readFileSync(computer.settings, "utf8"));
  expect(statusLine).toMatchObject({ type: "command", padding: 2 });
  const input = JSON.stringify(JSON.parse(payload("start")));
  // As Claude Code does it: the command goes to a shell.
  const ran = await start(["/bin/sh", "-c", statusLine.command], computer.env, `${input}\n`);
  expect(ran).toMatchObject(quiet(`mine ${input.length}\ntwo\npolaris: not connected\n`));
});

test.each([
  ["fails and complains", "echo half; echo no >&2; exit 3", "half\npolaris: not connected\n"],
  ["says nothing", "exit 0", "polaris: not connected\n"],
  ["is not there", "/nowhere/at/all", "polaris: not connected\n"],
])("G6: a status line of somebody's that %s spoils nothing", async (_, command, out) => {
  await using computer = await makeMachine();
  writeFileSync(computer.settings, JSON.stringify({ statusLine: { type: "command", command } }));
  await computer.do("install", "--no-service");
  expect(await shown(computer, payload("start"))).toMatchObject(quiet(out));
});

test("G6: a status line that wraps itself does not call itself for ever", async () => {
  await using computer = await makeMachine();
  const script = join(computer.folder, "mine.sh");
  writeFileSync(script, `#!/bin/sh\nexec ${computer.executable.join(" ")} statusline\n`, {
    mode: 0o755,
  });
  writeFileSync(
    computer.settings,
    JSON.stringify({ statusLine: { type: "command", command: script } }),
  );
  await computer.do("install", "--no-service");
  expect(await shown(computer, payload("start"))).toMatchObject(quiet("polaris: not connected\n"));
});

test("F3, G6: a session is told by the sign-in that sends it, whichever is current", async () => {
  await using computer = await makeMachine();
  const { url, token } = computer.server;
  const home = { url, token, org: "home", participant: "user:manu" };
  const away = { url: "http://127.0.0.1:1", token, org: "away", participant: "user:priya" };
  const profiles = { home, away };
  writeCredentials(computer.place.credentials, { current: "home", profiles });
  await computer.do("install");
  const file = join(computer.folder, "t.jsonl");
  const join_ = (id: string, name: string) =>
    computer.do("join", "pj", name, "--agent-session", id, "--transcript", file);
  await join_("s1", "one");
  await computer.do("use", "away");
  await join_("s2", "two");
  const line = (id: string) => ask<Line>(computer.place, `/statusline?session=${id}`);
  await until(async () => (await line("s1")).server === "connected");
  expect(await line("s1")).toMatchObject({ who: "user:manu", server: "connected" });
  expect(await line("s2")).toMatchObject({ who: "user:priya", server: "waiting" });
  const status = await computer.do("status");
  expect(status).toMatch(/^Server {4}○ http:\/\/127\.0\.0\.1:1: waiting/m);
  expect(status).toContain(`● ${url}: connected home`);
  await computer.do("logout", "home");
  await until(async () => (await line("s1")).server === "signed_out");
});

test("G6: what it asks of the recorder is small, whatever the recorder holds", async () => {
  await using computer = await makeMachine();
  await computer.do("install");
  expect(await ask<Line>(computer.place, "/statusline?session=none")).toEqual({
    session: null,
    who: null,
    server: "signed_out",
    pending: 0,
    update: null,
  });
});
