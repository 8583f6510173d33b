import { expect, test } from "bun:test";
import { rmSync } from "node:fs";
import { z } from "zod";
import { TOOLS } from "../../src/wire/tools.ts";
import { makeWorld, startProcess, until, type World } from "../daemon/world.ts";
import { program } from "../helpers/service.ts";

const jsonrpc = z.literal("2.0");
const Rpc = z.union([
  z.strictObject({ jsonrpc, id: z.int(), result: z.looseObject({}) }),
  z.strictObject({ jsonrpc, id: z.int(), error: z.looseObject({ message: z.string() }) }),
  z.strictObject({ jsonrpc, method: z.string(), params: z.looseObject({}).optional() }),
]);

/** `polaris mcp` and its bare standard input and output. */
function startRaw(world: World) {
  const child = Bun.spawn([...program, "mcp"], {
    env: {
      PATH: process.env.PATH ?? "",
      HOME: world.folder,
      POLARIS_HOME: world.place.home,
      CLAUDE_CODE_SESSION_ID: "one",
    },
    stdin: "pipe",
    stdout: "pipe",
    stderr: "ignore",
  });
  let out = "";
  const reading = (async () => {
    for await (const part of child.stdout.pipeThrough(new TextDecoderStream())) out += part;
  })();
  let asked = 0;
  const send = (message: object) => {
    child.stdin.write(`${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`);
    child.stdin.flush();
  };
  return {
    child,
    send,
    lines: () => out.split("\n").slice(0, -1),
    rest: () => out.split("\n").at(-1),
    /** Resolves with the line that answers it. */
    async ask(method: string, params: object) {
      const id = ++asked;
      send({ id, method, params });
      const line = await until(() => this.lines().find((one) => JSON.parse(one).id === id), {
        timeoutMs: 15_000,
        what: `an answer to ${method}`,
      });
      return Rpc.parse(JSON.parse(line));
    },
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await child.exited;
      await reading;
    },
  };
}

/** What a recorder gone mad says to whoever opens a line to it, and answers to a tool. */
const STREAMS = [
  "not json\n",
  "\u0000\u0001\u001b[2J\n\n\n",
  '{"version":1}\n{"injection":"x","way":"socket"}\n',
  `${JSON.stringify({ version: "9", tools: [{ name: 1 }] })}\n`,
  `${JSON.stringify({ version: "9", tools: [{ ...TOOLS[0], name: "a\nb", more: "\ud800" }] })}\n`,
  `${"x".repeat(300_000)}\n`,
  '{"half":',
];
const ANSWERS = ["", "rubbish", "null", "[]", '{"text":1}', '{"isError":true}', '"text"'];

function startRubbish(socket: string) {
  let streams = 0;
  let answers = 0;
  // The one before was killed.
  rmSync(socket, { force: true });
  const server = Bun.serve({
    unix: socket,
    routes: {
      "/station": () => new Response(STREAMS[streams++ % STREAMS.length]),
      "/tool": () => {
        const status = answers % 2 ? 500 : 200;
        return new Response(ANSWERS[Math.floor(answers++ / 2) % ANSWERS.length], { status });
      },
    },
    fetch: () => new Response("<html>", { status: 404 }),
  });
  return {
    streams: () => streams,
    async [Symbol.asyncDispose]() {
      await server.stop(true);
    },
  };
}

test("G4: every line of polaris mcp is one of the protocol, whatever becomes of the recorder and whatever it says", async () => {
  await using world = makeWorld();
  await using raw = startRaw(world);
  const info = { name: "agent", version: "1" };
  const params = { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: info };
  await raw.ask("initialize", params);
  raw.send({ method: "notifications/initialized" });
  const use = (name = "polaris_status") => raw.ask("tools/call", { name, arguments: {} });

  // No recorder; one that is killed as it answers, and comes back.
  expect(JSON.stringify(await use())).toContain("The recorder does not answer");
  for (let round = 0; round < 3; round++) {
    await using daemon = await startProcess(world);
    expect(JSON.stringify(await use())).toContain("Not connected");
    const asked = [use("polaris_inbox"), use(), use("polaris_context"), use("no_such_tool")];
    await Bun.sleep(round * 2);
    await daemon.kill();
    await using _again = await startProcess(world);
    for (const answer of await Promise.all(asked)) expect(answer).toHaveProperty("result");
    await _again.kill();
  }

  // One that says rubbish.
  await using mad = startRubbish(world.place.socket);
  for (let n = 0; n < ANSWERS.length * 2; n++) await use();
  await until(() => mad.streams() > STREAMS.length, { timeoutMs: 20_000 });
  await raw.ask("tools/list", {});
  raw.child.stdin.end();
  expect(await raw.child.exited).toBe(0);
  for (const line of raw.lines()) Rpc.parse(JSON.parse(line));
  expect(raw.rest()).toBe("");
}, 60_000);
