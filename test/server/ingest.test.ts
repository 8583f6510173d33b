import { afterAll, beforeAll, expect, test } from "bun:test";
import { until } from "../../src/lib/until.ts";
import { type Polaris, startMachine, startPolaris } from "../helpers/polaris.ts";

let polaris: Polaris;
beforeAll(async () => {
  polaris = await startPolaris();
});
afterAll(() => polaris[Symbol.asyncDispose]());

test("a batch is stored in order, acknowledged, and read back as it was sent (A1, A8)", async () => {
  const machine = startMachine({ project: "order" });
  const lines = Array.from({ length: 100 }, () => machine.line());
  const { status, answer } = await polaris.ingest([machine.head(), ...lines]);
  expect(status).toBe(200);
  expect(answer).toEqual({
    acked: { [machine.session]: 100 },
    names: { [machine.session]: "s-0001" },
    stored: 100,
    known: 0,
    refused: [],
    blocked: [],
  });
  const events = await polaris.messages("/projects/order/sessions/s-0001");
  expect(events.map((event) => event.text)).toEqual(lines.map((line) => JSON.parse(line).text));
  expect(events.map((event) => event.seq)).toEqual(events.map((_, index) => index + 1));
});

test("the same event twice is one row, in one batch, in two, and from two machines (A8)", async () => {
  const machine = startMachine({ project: "twice" });
  const line = machine.line();
  const first = await polaris.ingest([machine.head(), line, line]);
  expect(first.answer).toMatchObject({ stored: 1, acked: { [machine.session]: 1 } });
  const again = await polaris.ingest([machine.head(), line, machine.line()]);
  expect(again.answer).toMatchObject({ stored: 1, known: 1, acked: { [machine.session]: 2 } });
  const events = await polaris.messages("/projects/twice");
  expect(events.map((event) => event.seq)).toEqual([1, 2]);
});

test("events out of order are kept, and the acknowledgement waits at the gap until it is filled", async () => {
  const machine = startMachine({ project: "gap" });
  const [one, two, three] = [machine.line(), machine.line(), machine.line()];
  const late = await polaris.ingest([machine.head(), one, three]);
  expect(late.answer.acked).toEqual({ [machine.session]: 1 });
  const filled = await polaris.ingest([machine.head(), two]);
  expect(filled.answer.acked).toEqual({ [machine.session]: 3 });
  expect((await polaris.messages("/projects/gap")).length).toBe(3);
});

test("what a machine no longer holds is noted as missing instead of stopping the count", async () => {
  const machine = startMachine({ project: "floor" });
  for (let skipped = 0; skipped < 4; skipped++) machine.line();
  const { answer } = await polaris.ingest([machine.head({ floor: 5 }), machine.line()]);
  expect(answer.acked).toEqual({ [machine.session]: 5 });
  const [row] = await polaris.database.admin`
    select missing::text from sources where session_id = ${machine.session}`;
  expect(row?.missing).toBe("{[1,5)}");
});

test("one poison event among 1,000 is refused by its line, and 999 are stored", async () => {
  const machine = startMachine({ project: "poison" });
  const lines = Array.from({ length: 1000 }, (_, index) =>
    machine.line(index === 500 ? { sender: 42 } : {}),
  );
  const { status, answer } = await polaris.ingest([machine.head(), ...lines]);
  expect(status).toBe(200);
  expect(answer.stored).toBe(999);
  expect(answer.refused).toEqual([
    {
      line: 501,
      session: machine.session,
      pos: 501,
      code: "invalid_input",
      message: expect.stringContaining("sender"),
    },
  ]);
  expect(answer.acked).toEqual({ [machine.session]: 1000 });
});

test.each([
  ["a line that is not JSON", () => "{bad", "invalid_json"],
  ["a line of another shape", () => '"text"', "invalid_input"],
  ["a kind that is no word", (m: Machine) => m.line({ kind: "no kind!" }), "invalid_input"],
  ["a time that is none", (m: Machine) => m.line({ at: "yesterday" }), "invalid_input"],
  ["a time before all", (m: Machine) => m.line({ at: "0000-01-01T00:00:00Z" }), "invalid_input"],
  [
    "a place a day off",
    (m: Machine) => m.line({ at: "2026-01-01T00:00:00+23:00" }),
    "invalid_input",
  ],
  ["an id that is none", (m: Machine) => m.line({ id: "7" }), "invalid_input"],
  [
    "a session nobody announced",
    (m: Machine) => m.line({ session: crypto.randomUUID() }),
    "invalid_input",
  ],
  ["a body that is a list", (m: Machine) => m.line({ body: [] }), "invalid_input"],
])("%s is refused alone", async (_, bad, code) => {
  const machine = startMachine({ project: "alone", name: `s-${crypto.randomUUID().slice(0, 8)}` });
  const good = machine.line();
  const { status, answer } = await polaris.ingest([machine.head(), good, bad(machine)]);
  expect(status).toBe(200);
  expect(answer.stored).toBe(1);
  expect(answer.refused).toMatchObject([{ line: 2, code }]);
});
type Machine = ReturnType<typeof startMachine>;

const deep = `${'{"a":'.repeat(5000)}1${"}".repeat(5000)}`;
test.each([
  ["NUL", '"a\\u0000b"', "a\u2400b"],
  ["half a surrogate pair", '"a\\ud83db"', "a\ufffdb"],
  ["a number beyond all bounds", "1e200000", "Infinity"],
  ["a number too small for any", "1e-200000", 0],
  ["a text of two that bear one name", '"first","output":"last"', "last"],
  ["an emoji and right-to-left text", '"🌟 שלום \\u2028"', "🌟 שלום \u2028"],
])("%s in a tool result is stored readable (A6)", async (_, json, stored) => {
  const machine = startMachine({ project: "odd", name: `s-${crypto.randomUUID().slice(0, 8)}` });
  const line = machine.line({ kind: "tool.result", body: { output: "@" } }).replace('"@"', json);
  const { answer } = await polaris.ingest([machine.head(), line, machine.line()]);
  expect(answer).toMatchObject({ stored: 2, refused: [] });
  const [event] = await polaris.messages(`/projects/odd/sessions/${machine.session}`);
  expect(event?.body.output).toBe(stored);
});

test("places and versions count however their numbers are written (A6)", async () => {
  const machine = startMachine({ project: "numbers" });
  const line = machine
    .line()
    .replace(/"pos":1\b/, '"pos":1.0')
    .replace(/"translator":1\b/, '"translator":1e0');
  expect(line).toContain('"pos":1.0,');
  expect(line).toContain('"translator":1e0,');
  const { answer } = await polaris.ingest([machine.head(), line]);
  expect(answer).toMatchObject({ stored: 1, refused: [], acked: { [machine.session]: 1 } });
  const [event] = await polaris.messages("/projects/numbers");
  expect(event).toMatchObject({ kind: "user.message", source: { translator: 1 } });
});

test("nesting that PostgreSQL would refuse is kept as text (A6)", async () => {
  const machine = startMachine({ project: "deep" });
  const line = machine.line({ kind: "tool.result", body: { output: "@" } }).replace('"@"', deep);
  const { answer } = await polaris.ingest([machine.head(), line]);
  expect(answer).toMatchObject({ stored: 1, refused: [] });
  const [event] = await polaris.messages("/projects/deep");
  expect(JSON.stringify(event?.body)).toContain("[nested too deep]");
});

test("invalid UTF-8 in a batch becomes replacement characters (A6)", async () => {
  const machine = startMachine({ project: "utf8" });
  const body = Buffer.from(`${machine.head()}\n${machine.line({ text: "a@b" })}`);
  body[body.indexOf("@")] = 0xff;
  const headers = { "content-type": "application/x-ndjson" };
  const response = await polaris.call("/ingest", { method: "POST", headers, body });
  expect(response.status).toBe(200);
  const [event] = await polaris.messages("/projects/utf8");
  expect(event?.text).toBe("a\ufffdb");
});

// promise: any-bytes
test("a 10 MB tool result is kept whole; lists show its beginning and say so (A6)", async () => {
  const machine = startMachine({ project: "huge" });
  const output = "0123456789".repeat(1024 * 1024);
  const { answer } = await polaris.ingest([
    machine.head(),
    machine.line({ kind: "tool.result", body: { output } }),
  ]);
  expect(answer.stored).toBe(1);
  const [short] = await polaris.messages("/projects/huge");
  expect(short?.cut).toBe(true);
  expect(String(short?.body.output).length).toBeLessThan(20_000);
  const whole = await polaris.json<{ body: { output: string } }>("/projects/huge/events/1");
  expect(whole.body.output === output).toBe(true);
});

test("an event too large to keep is refused by its place, where its machine then says so", async () => {
  const machine = startMachine({ project: "larger" });
  const lines = [machine.line(), machine.line({ text: "x".repeat(17e6) }), machine.line()];
  const { status, answer } = await polaris.ingest([machine.head(), ...lines]);
  expect(status).toBe(200);
  expect(answer).toMatchObject({
    stored: 2,
    acked: { [machine.session]: 1 },
    refused: [{ line: 2, session: machine.session, pos: 2, code: "event_too_large" }],
  });
  const note = machine.line({ pos: 2, kind: "error", text: "too large" });
  const filled = await polaris.ingest([machine.head(), note]);
  expect(filled.answer.acked).toEqual({ [machine.session]: 3 });
});

test.each(["application/x-ndjson", "application/json"])(
  "NUL and half surrogate pairs in a batch's head do not stop its events, as %s (A6)",
  async (type) => {
    const machine = startMachine({ project: "head", name: `s-${type.slice(-4)}` });
    const head = machine.head({ cwd: "/tmp/a\0b", branch: "half \ud83d", floor: 1 });
    const line = machine.line();
    const body = type.endsWith("ndjson")
      ? `${head}\n${line}`
      : `${head.slice(0, -1)},"events":[${line}]}`;
    const headers = { "content-type": type };
    const response = await polaris.call("/ingest", { method: "POST", headers, body });
    expect(await response.json()).toMatchObject({ stored: 1, refused: [] });
    const session = await polaris.json(`/projects/head/sessions/s-${type.slice(-4)}`);
    expect(session).toMatchObject({ cwd: "/tmp/a\u2400b", branch: "half \ufffd" });
  },
);

test("an unknown kind and unknown fields of the body are kept (A6)", async () => {
  const machine = startMachine({ project: "unknown" });
  const line = machine.line({
    kind: "agent.dreamt",
    body: { of: ["sheep"], extra: { x: 1 } },
    raw: '{"x":1}',
  });
  await polaris.ingest([machine.head(), line]);
  const event = await polaris.json("/projects/unknown/events/1");
  expect(event).toMatchObject({
    kind: "agent.dreamt",
    body: { of: ["sheep"], extra: { x: 1 } },
    raw: '{"x":1}',
  });
});

test("a clock two hours wrong changes the time shown and never the order", async () => {
  const machine = startMachine({ project: "clock" });
  const early = new Date(Date.now() - 7200_000).toISOString();
  const late = new Date(Date.now() + 7200_000).toISOString();
  await polaris.ingest([machine.head(), machine.line({ at: late }), machine.line({ at: early })]);
  const events = await polaris.messages("/projects/clock");
  expect(events.map((event) => event.at)).toEqual([late, early]);
  for (const event of events) {
    expect(Math.abs(Date.parse(event.receivedAt) - Date.now())).toBeLessThan(60_000);
  }
});

test("two machines with the same session name get two names, and each keeps its own", async () => {
  const [one, two] = [startMachine({ project: "names" }), startMachine({ project: "names" })];
  const first = await polaris.ingest([one.head(), one.line()]);
  const second = await polaris.ingest([two.head(), two.line()]);
  const names = [first.answer.names[one.session], second.answer.names[two.session]];
  expect(names[0]).toBe("s-0001");
  expect(names[1]).toMatch(/^s-[0-9a-f]{4}$/);
  expect(names[1]).not.toBe(names[0] ?? "");
  const [event] = await polaris.messages(`/projects/names/sessions/${names[1]}`);
  expect(event?.session).toBe(two.session);
});

test.each([
  ["an empty body", "", "invalid_json"],
  ["a head that is not one", "[]", "invalid_input"],
  ["a head without machine", '{"sessions":[]}', "invalid_input"],
])("%s is a clear error", async (_, body, code) => {
  const { status, answer } = await polaris.ingest([body]);
  expect(status).toBe(400);
  expect(answer as unknown).toMatchObject({
    error: { code, message: expect.any(String), hint: expect.any(String) },
  });
});

test("a body over 32 MB is refused with 413, declared or streamed", async () => {
  const chunk = new Uint8Array(1024 * 1024).fill(32);
  const headers = { "content-type": "application/x-ndjson" };
  const declared = await polaris.call("/ingest", {
    method: "POST",
    headers,
    body: new Uint8Array(33 * 1024 * 1024),
  });
  expect(declared.status).toBe(413);
  expect(await declared.json()).toMatchObject({ error: { code: "too_large" } });
  // Far beyond: it is our answer all the same, not the bare one of the HTTP server.
  const far = new Uint8Array(80 * 1024 * 1024);
  const huge = await polaris.call("/ingest", { method: "POST", headers, body: far });
  expect(huge.status).toBe(413);
  expect(await huge.json()).toMatchObject({ error: { code: "too_large" } });
  let sent = 0;
  const body = new ReadableStream({
    pull(controller) {
      if (sent++ < 40) controller.enqueue(chunk);
      else controller.close();
    },
  });
  const streamed = await polaris.call("/ingest", { method: "POST", headers, body });
  expect(streamed.status).toBe(413);
});

test("a database that goes away in mid-batch costs a retry, not an event", async () => {
  const machine = startMachine({ project: "away" });
  const batches = Array.from({ length: 20 }, () =>
    Array.from({ length: 50 }, () => machine.line()),
  );
  let failures = 0;
  await Promise.all([
    ...batches.map((lines) =>
      until(
        async () => {
          const { status } = await polaris.ingest([machine.head(), ...lines]);
          if (status === 200) return true;
          expect(status).toBe(503);
          failures++;
          return false;
        },
        { timeoutMs: 20_000, what: "the batch to be taken" },
      ),
    ),
    (async () => {
      for (let cuts = 0; cuts < 5; cuts++) {
        await Bun.sleep(15);
        await polaris.database.cut();
      }
    })(),
  ]);
  const events = await polaris.messages("/projects/away");
  expect(events.length).toBe(1000);
  expect(new Set(events.map((event) => event.id)).size).toBe(1000);
  expect(events.map((event) => event.seq)).toEqual(events.map((_, index) => index + 1));
  expect(failures).toBeGreaterThanOrEqual(0);
});
