import { expect, test } from "bun:test";
import {
  appendFileSync,
  mkdirSync,
  readFileSync,
  renameSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { dirname } from "node:path";
import { hook, line, makeWorld, say, startHere, startProcess, until } from "./world.ts";

test("A3: a half-written last line waits for its end", async () => {
  await using world = makeWorld();
  await using _daemon = await startHere(world);
  await world.link();
  await world.begin();
  const whole = JSON.stringify(line("split in two"));
  say(world.transcript(), line("before"));
  appendFileSync(world.transcript(), whole.slice(0, 20));
  await until(() => world.server.texts().includes("before"));
  await world.drained();
  appendFileSync(world.transcript(), `${whole.slice(20)}\n`);
  await until(() => world.server.texts().includes("split in two"));
  expect(world.server.order.map(({ kind }) => kind)).not.toContain("other");
});

test("A3: a truncated or replaced transcript is read from the top, and nothing is written twice", async () => {
  await using world = makeWorld();
  await using _daemon = await startHere(world);
  await world.link();
  await world.begin();
  const lines = [line("one"), line("two"), line("three")];
  say(world.transcript(), ...lines);
  await until(() => world.server.order.length === 4);
  truncateSync(world.transcript(), 0);
  say(world.transcript(), ...lines.slice(0, 1), line("four"));
  await until(() => world.server.texts().includes("four"));
  const other = `${world.transcript()}.new`;
  writeFileSync(other, "");
  say(other, ...lines, line("five"));
  renameSync(other, world.transcript());
  await until(() => world.server.texts().includes("five"));
  say(world.transcript(), line("six"));
  await until(() => world.server.texts().includes("six"));
  expect(world.server.texts().slice(1)).toEqual(["one", "two", "three", "four", "five", "six"]);
});

test("A6: bytes that are no UTF-8 and lines that are no JSON are recorded, not lost", async () => {
  await using world = makeWorld();
  await using _daemon = await startHere(world);
  await world.link();
  await world.begin();
  mkdirSync(dirname(world.transcript()), { recursive: true });
  appendFileSync(
    world.transcript(),
    Buffer.concat([Buffer.from("no json "), Buffer.from([0xff, 0xfe, 10])]),
  );
  say(world.transcript(), line("after"));
  await until(() => world.server.texts().includes("after"));
  expect(world.server.order.find(({ kind }) => kind === "other")?.raw).toBe("no json \ufffd\ufffd");
});

test("A6: a line above 32 MB is skipped, and the session says so", async () => {
  await using world = makeWorld();
  await using _daemon = await startHere(world);
  await world.link();
  await world.begin();
  say(world.transcript(), line("before"), line("x".repeat(34_000_000)), line("after"));
  await until(() => world.server.texts().includes("after"), { timeoutMs: 20_000 });
  expect(world.server.order.map(({ kind }) => kind)).toEqual([
    "session.start",
    "agent.message",
    "error",
    "agent.message",
  ]);
  expect(world.server.order[2]?.text).toContain("34 MB");
}, 40_000);

test.skipIf(process.platform !== "linux")(
  "A3: of a transcript of 200 MB only the new bytes are read, also after a restart",
  async () => {
    await using world = makeWorld();
    const chunk = `${JSON.stringify({ kind: "agent.message", text: "y".repeat(1_000_000) })}\n`;
    mkdirSync(dirname(world.transcript()), { recursive: true });
    for (let i = 0; i < 200; i++) appendFileSync(world.transcript(), chunk);
    {
      await using first = await startProcess(world);
      await world.link();
      await world.begin();
      say(world.transcript(), line("new"));
      await world.post(hook({ session: "one", hook: "Prompt", turn: "open" }));
      await until(() => world.server.texts().includes("new"), { timeoutMs: 20_000 });
      await first.kill();
    }
    await using second = await startProcess(world);
    const read = () =>
      Number(/rchar: (\d+)/.exec(readFileSync(`/proc/${second.pid}/io`, "utf8"))?.[1]);
    const before = read();
    say(world.transcript(), line("newer"));
    await world.post(hook({ session: "one", hook: "Prompt", transcript: world.transcript() }));
    await until(() => world.server.texts().includes("newer"));
    expect(read() - before).toBeLessThan(1_000_000);
    // The 200 lines are one and the same, so they are one event.
    expect(world.server.texts().slice(2)).toEqual(["new", "newer"]);
  },
  60_000,
);

/** Half a gigabyte of old lines, almost all of it a hole in the file: none of it is on the disk. */
function longPast(transcript: string): void {
  mkdirSync(dirname(transcript), { recursive: true });
  writeFileSync(transcript, "");
  truncateSync(transcript, 500_000_000);
  appendFileSync(transcript, "\n");
}

test.skipIf(process.platform !== "linux")(
  "A3: a session with 500 MB behind it is read from its end, and each new line costs what it would in an empty file",
  async () => {
    const costs: number[] = [];
    for (const past of [true, false]) {
      await using world = makeWorld();
      if (past) longPast(world.transcript());
      await using daemon = await startProcess(world);
      const read = () =>
        Number(/rchar: (\d+)/.exec(readFileSync(`/proc/${daemon.pid}/io`, "utf8"))?.[1]);
      await world.link();
      const before = read();
      await world.begin("one", { start: "resume" });
      say(world.transcript(), line("first"));
      await until(() => world.server.texts().includes("first"));
      const attached = read();
      expect(attached - before).toBeLessThan(1_000_000);
      for (let i = 0; i < 30; i++) {
        say(world.transcript(), line(`new ${i}`));
        await until(() => world.server.texts().includes(`new ${i}`));
      }
      costs.push((read() - attached) / 30);
      // What the reader counts are the lines it was given: none of the past.
      const [, first] = world.server.order;
      expect(first).toMatchObject({ text: "first", body: { line: 0 } });
      expect(world.server.order.at(-1)?.body.line).toBe(30);
    }
    const [long = 0, empty = 0] = costs;
    console.log(
      `bytes read for a new line: ${long.toFixed()} behind 500 MB, ${empty.toFixed()} without`,
    );
    expect(long).toBeLessThan(2 * empty);
  },
  60_000,
);

test("A2: a session's first line is recorded at once, also where it makes its folder", async () => {
  await using world = makeWorld();
  await using _daemon = await startHere(world);
  await world.link();
  await world.begin();
  // Until a session has been quiet it is looked at twice a second; then only what is watched tells of it.
  await Bun.sleep(1_500);
  say(world.transcript(), line("first"));
  await until(() => world.server.texts().includes("first"), { timeoutMs: 5_000 });
});

test("A2: what subagents do is recorded with their id", async () => {
  await using world = makeWorld();
  await using _daemon = await startHere(world);
  await world.link();
  await world.begin();
  say(world.transcript(), line("main"));
  await until(() => world.server.texts().includes("main"));
  say(world.transcript().replace(/\.jsonl$/, "/subagents/agent-a1.jsonl"), line("sub"));
  say(world.transcript(), line("main again"));
  await until(() => world.server.texts().includes("sub"));
  expect(world.server.order.find(({ text }) => text === "sub")?.parent).toBe("a1");
});

test("A2: an answer that is broken off fires no hook and is recorded all the same", async () => {
  await using world = makeWorld();
  await using _daemon = await startHere(world);
  await world.link();
  await world.begin();
  await world.post(
    hook({ session: "one", hook: "Prompt", transcript: world.transcript(), turn: "open" }),
  );
  say(world.transcript(), line("[interrupted]"));
  await until(() => world.server.texts().includes("[interrupted]"), { timeoutMs: 5_000 });
});
