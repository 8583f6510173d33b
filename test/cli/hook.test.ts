import { describe, expect, test } from "bun:test";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { HookCall } from "../../src/wire/local.ts";
import { quickest } from "../helpers/quickest.ts";
import { program, start, world } from "./program.ts";

/** The far end of the socket, as the recorder's: it remembers what it was handed. */
function startListener(polarisHome: string, answer: () => Response | Promise<Response>) {
  mkdirSync(polarisHome, { recursive: true });
  const calls: HookCall[] = [];
  const server = Bun.serve({
    unix: join(polarisHome, "daemon.sock"),
    maxRequestBodySize: 64 * 1024 * 1024,
    async fetch(request) {
      expect(new URL(request.url).pathname).toBe("/hook");
      expect(request.headers.get("content-type")).toBe("application/json");
      calls.push(HookCall.parse(await request.json()));
      return answer();
    },
  });
  return { calls, [Symbol.asyncDispose]: () => server.stop(true) };
}

function startProxy(asked: () => void) {
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch() {
      asked();
      return yes();
    },
  });
  return { port: server.port, [Symbol.asyncDispose]: () => server.stop(true) };
}

const yes = () => Response.json({});
const PAYLOAD = '{"session_id":"s1","hook_event_name":"Stop"}';
const hook = (
  env: Record<string, string>,
  stdin: string | Uint8Array = PAYLOAD,
  args: string[] = [],
) => start([...program, "hook", ...args], env, stdin);

function spooled(polarisHome: string): HookCall[] {
  const folder = join(polarisHome, "spool");
  const names = readdirSync(folder).sort();
  expect(names.filter((name) => !/^([0-9a-f-]{36}\.json|calls\.jsonl)$/.test(name))).toEqual([]);
  const lines = names.flatMap((name) => readFileSync(join(folder, name), "utf8").split("\n"));
  return lines.filter(Boolean).map((line) => HookCall.parse(JSON.parse(line)));
}

const quiet = { code: 0, out: "", err: "" };

/** Where there is no C library to call, as on macOS: by what Bun has for it. */
const [bun = "", main = ""] = program;
const longWay = [bun, "--preload", join(import.meta.dir, "../helpers/no-ffi.ts"), main, "hook"];

describe("polaris hook", () => {
  test("hands the call to the daemon and says nothing (A1, A8)", async () => {
    using here = world();
    await using daemon = startListener(here.polarisHome, yes);
    const before = Date.now();
    const ran = await hook({ ...here.env, CLAUDE_PID: "4242" });
    expect(ran).toMatchObject(quiet);
    expect(daemon.calls.length).toBe(1);
    expect(daemon.calls[0]).toMatchObject({ agent: "claude", pid: 4242, payload: PAYLOAD });
    const at = Date.parse(daemon.calls[0]?.at ?? "");
    expect(at).toBeGreaterThanOrEqual(before - 5);
    expect(at).toBeLessThanOrEqual(Date.now());
    expect(readdirSync(here.polarisHome)).toEqual(["daemon.sock"]);
  });

  test("a call made while no daemon runs waits in the spool, for its owner only (A8)", async () => {
    using here = world();
    expect(await hook(here.env)).toMatchObject(quiet);
    expect(await hook(here.env, '{"second":true}')).toMatchObject(quiet);
    expect(spooled(here.polarisHome).map((call) => call.payload)).toEqual([
      PAYLOAD,
      '{"second":true}',
    ]);
    const folder = join(here.polarisHome, "spool");
    expect(statSync(here.polarisHome).mode & 0o777).toBe(0o700);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    for (const name of readdirSync(folder)) {
      expect(statSync(join(folder, name)).mode & 0o777).toBe(0o600);
    }
  });

  test("a daemon that died and left its socket is no daemon", async () => {
    using here = world();
    mkdirSync(here.polarisHome, { recursive: true });
    writeFileSync(join(here.polarisHome, "daemon.sock"), "");
    expect(await hook(here.env)).toMatchObject(quiet);
    expect(spooled(here.polarisHome).length).toBe(1);
  });

  test("a daemon that hangs costs the agent 300 ms, and the call is kept as the same call", async () => {
    using here = world();
    const held = Promise.withResolvers<Response>();
    await using daemon = startListener(here.polarisHome, () => held.promise);
    const ms = await quickest(1000, async () => {
      const ran = await hook(here.env);
      expect(ran).toMatchObject(quiet);
      expect(ran.ms).toBeGreaterThan(290);
      return ran.ms;
    });
    expect(ms).toBeLessThan(1000);
    const [kept] = spooled(here.polarisHome);
    expect(kept?.id).toBe(daemon.calls[0]?.id ?? "");
    held.resolve(yes());
  });

  test.each([400, 413, 500, 503])("a daemon that answers %d has not taken it", async (status) => {
    using here = world();
    await using _daemon = startListener(here.polarisHome, () => new Response("no", { status }));
    expect(await hook(here.env)).toMatchObject(quiet);
    expect(spooled(here.polarisHome).length).toBe(1);
  });

  test("where nothing can be written it is silent and succeeds all the same (A8)", async () => {
    using here = world();
    writeFileSync(join(here.home, "file"), "");
    const env = { ...here.env, POLARIS_HOME: join(here.home, "file", "polaris") };
    expect(await hook(env)).toMatchObject(quiet);
    expect(await hook({ ...here.env, POLARIS_HOME: "/proc/polaris" })).toMatchObject(quiet);
  });

  test("without POLARIS_HOME it is ~/.polaris; --polaris-home names another", async () => {
    using here = world();
    const { POLARIS_HOME, ...env } = here.env;
    expect(await hook(env)).toMatchObject(quiet);
    expect(spooled(POLARIS_HOME).length).toBe(1);
    const elsewhere = join(here.home, "else where");
    const command = [...program, "--polaris-home", elsewhere, "hook", "--agent", "claude"];
    expect(await start(command, env, PAYLOAD)).toMatchObject(quiet);
    expect(spooled(elsewhere).length).toBe(1);
  });

  test("10 MB arrive whole, through the socket and through the spool (A6)", async () => {
    using here = world();
    const payload = `{"tool_response":"${"é".repeat(5 * 1024 * 1024)}"}`;
    {
      await using daemon = startListener(here.polarisHome, yes);
      expect(await hook(here.env, payload)).toMatchObject(quiet);
      // Either door will do: on a busy machine 300 ms may be too short for 10 MB.
      const taken = daemon.calls[0] ?? spooled(here.polarisHome)[0];
      expect(taken?.payload === payload).toBe(true);
    }
    using other = world();
    expect(await hook(other.env, payload)).toMatchObject(quiet);
    expect(spooled(other.polarisHome)[0]?.payload === payload).toBe(true);
  });

  test.each([
    ["nothing", "", ""],
    ["invalid UTF-8", new Uint8Array([0x7b, 0xff, 0xfe, 0x7d]), "{\ufffd\ufffd}"],
    ["NUL and half an emoji", "a\u0000b\\ud83d", "a\u0000b\\ud83d"],
    ["two objects", `${PAYLOAD}${PAYLOAD}`, `${PAYLOAD}${PAYLOAD}`],
  ])("%s on standard input is handed over as text", async (_, stdin, payload) => {
    using here = world();
    await using daemon = startListener(here.polarisHome, yes);
    expect(await hook(here.env, stdin)).toMatchObject(quiet);
    expect(daemon.calls[0]?.payload).toBe(payload);
  });

  test.each([[["--what"]], [["--agent"]], [["extra", "words"]]])(
    "wrong options (%p) cost nothing",
    async (args) => {
      using here = world();
      expect(await hook(here.env, PAYLOAD, args)).toMatchObject(quiet);
      expect(spooled(here.polarisHome)[0]?.agent).toBe("claude");
    },
  );

  test.each(["", "abc", "-1", "1.5"])("a CLAUDE_PID of %p is no process", async (pid) => {
    using here = world();
    expect(await hook({ ...here.env, CLAUDE_PID: pid })).toMatchObject(quiet);
    expect(spooled(here.polarisHome)[0]?.pid).toBeUndefined();
  });

  test.each(["HTTP_PROXY", "http_proxy", "ALL_PROXY"])("%s is not asked", async (name) => {
    using here = world();
    let asked = 0;
    await using _proxy = startProxy(() => asked++);
    await using daemon = startListener(here.polarisHome, yes);
    expect(await hook({ ...here.env, [name]: `http://127.0.0.1:${_proxy.port}` })).toMatchObject(
      quiet,
    );
    expect([asked, daemon.calls.length]).toEqual([0, 1]);
  });

  test("without the C library it does the same by another way (A1, A8)", async () => {
    using here = world();
    {
      await using daemon = startListener(here.polarisHome, yes);
      expect(await start(longWay, here.env, PAYLOAD)).toMatchObject(quiet);
      expect(daemon.calls.map(({ payload }) => payload)).toEqual([PAYLOAD]);
      expect(readdirSync(here.polarisHome)).toEqual(["daemon.sock"]);
    }
    const payload = `{"tool_response":"${"é".repeat(1024 * 1024)}"}`;
    expect(await start(longWay, here.env, payload)).toMatchObject(quiet);
    expect(spooled(here.polarisHome).map((call) => call.payload === payload)).toEqual([true]);
    const [name = ""] = readdirSync(join(here.polarisHome, "spool"));
    expect(statSync(join(here.polarisHome, "spool", name)).mode & 0o777).toBe(0o600);
    const held = Promise.withResolvers<Response>();
    await using _daemon = startListener(here.polarisHome, () => held.promise);
    const ran = await start(longWay, here.env, PAYLOAD);
    expect(ran).toMatchObject(quiet);
    expect(ran.ms).toBeGreaterThan(290);
    expect(spooled(here.polarisHome).length).toBe(2);
    held.resolve(yes());
  });

  test.each([
    ["by the C library", [...program, "hook"]],
    ["by another way", longWay],
  ])(
    "on its session's slate it writes its call and asks nobody, %s (A1, A8)",
    async (_, command) => {
      using here = world();
      await using daemon = startListener(here.polarisHome, yes);
      const slates = join(here.polarisHome, "slates");
      mkdirSync(slates);
      writeFileSync(join(slates, "s1"), "");
      expect(await start(command, { ...here.env, CLAUDE_PID: "42" }, PAYLOAD)).toMatchObject(quiet);
      expect(await start(command, here.env, PAYLOAD)).toMatchObject(quiet);
      const text = readFileSync(join(slates, "s1"), "utf8");
      expect(text).toEndWith("\n");
      const calls = text
        .split("\n")
        .filter(Boolean)
        .map((one) => HookCall.parse(JSON.parse(one)));
      expect(calls).toMatchObject([
        { agent: "claude", pid: 42, payload: PAYLOAD },
        { payload: PAYLOAD },
      ]);
      expect([daemon.calls.length, existsSync(join(here.polarisHome, "spool"))]).toEqual([
        0,
        false,
      ]);
      // These are not for a slate: a start, another agent's, what lies elsewhere, what nobody can read.
      const asking: [string, string[]?][] = [
        ['{"session_id":"s1","hook_event_name":"SessionStart"}'],
        [PAYLOAD, ["--agent", "other"]],
        [PAYLOAD, ["--bell"]],
        ['{"hook_event_name":"Stop","deeper":{"session_id":"s1"}}'],
        ['{"session_id":"../slates/s1","hook_event_name":"Stop"}'],
        ['{"session_id":["s1"],"hook_event_name":"Stop"}'],
        [`${PAYLOAD}}`],
      ];
      for (const [payload, args = []] of asking) {
        expect(await start([...command, ...args], here.env, payload)).toMatchObject(quiet);
      }
      expect(daemon.calls.map(({ payload }) => payload)).toEqual(
        asking.map(([payload]) => payload),
      );
      expect(readFileSync(join(slates, "s1"), "utf8")).toBe(text);
    },
  );

  test("on a slate that cannot be written, or bears another name by then, nothing is left (A8)", async () => {
    using here = world();
    await using daemon = startListener(here.polarisHome, yes);
    const slates = join(here.polarisHome, "slates");
    mkdirSync(join(slates, "s1"), { recursive: true });
    expect(await hook(here.env)).toMatchObject(quiet);
    expect(await start(longWay, here.env, PAYLOAD)).toMatchObject(quiet);
    expect(daemon.calls.length).toBe(2);
    // As one that was taken in between its opening and the look at its name.
    writeFileSync(join(slates, "taken-in"), "");
    rmdirSync(join(slates, "s1"));
    symlinkSync("taken-in", join(slates, "s1"));
    expect(await hook(here.env)).toMatchObject(quiet);
    expect(daemon.calls.length).toBe(3);
  });

  test("what the recorder answers is printed whole, however long it is", async () => {
    using here = world();
    const output = `${"näher ".repeat(40_000)}\n`;
    await using _daemon = startListener(here.polarisHome, () =>
      Response.json({ recorded: true, output }),
    );
    expect((await hook(here.env)).out === output).toBe(true);
    expect((await start(longWay, here.env, PAYLOAD)).out === output).toBe(true);
    expect(readdirSync(here.polarisHome)).toEqual(["daemon.sock"]);
  });

  test("standard input that comes slowly, in pieces, is read to its end", async () => {
    using here = world();
    await using daemon = startListener(here.polarisHome, yes);
    const child = Bun.spawn([...program, "hook"], { env: here.env, stdin: "pipe" });
    for (const part of [PAYLOAD.slice(0, 7), PAYLOAD.slice(7, 20), PAYLOAD.slice(20)]) {
      child.stdin.write(part);
      await child.stdin.flush();
      await Bun.sleep(30);
    }
    await child.stdin.end();
    expect(await child.exited).toBe(0);
    expect(daemon.calls[0]?.payload).toBe(PAYLOAD);
  });

  test("nothing of the environment is recorded", async () => {
    using here = world();
    await hook({ ...here.env, CLAUDE_CODE_MESSAGING_TOKEN: "tok-secret", CLAUDE_PID: "7" });
    expect(JSON.stringify(spooled(here.polarisHome))).not.toContain("tok-secret");
  });
});
