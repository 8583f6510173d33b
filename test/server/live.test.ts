import { afterAll, beforeAll, expect, test } from "bun:test";
import { until } from "../../src/lib/until.ts";
import type { StoredEvent } from "../../src/wire/event.ts";
import { type Polaris, startMachine, startPolaris } from "../helpers/polaris.ts";
import { followEvents } from "../helpers/sse.ts";

let polaris: Polaris;
beforeAll(async () => {
  polaris = await startPolaris();
});
afterAll(() => polaris[Symbol.asyncDispose]());

const seqs = (events: StoredEvent[]) => events.map((event) => event.seq);
const upTo = (n: number) => Array.from({ length: n }, (_, index) => index + 1);

test("a stream gives what was there and what comes, each event once and in order (J2)", async () => {
  const machine = startMachine({ project: "stream" });
  await polaris.ingest([machine.head(), ...Array.from({ length: 700 }, () => machine.line())]);
  await using stream = await followEvents(polaris, "/projects/stream/events?after=0");
  const writing = (async () => {
    for (let batch = 0; batch < 30; batch++)
      await polaris.ingest([machine.head(), ...upTo(10).map(() => machine.line())]);
  })();
  await until(() => stream.events.length === 1000, { what: "1,000 events on the stream" });
  await writing;
  expect(seqs(stream.events)).toEqual(upTo(1000));
});

test("a stream resumes after Last-Event-ID without loss or repeat (J2)", async () => {
  const machine = startMachine({ project: "resume" });
  await polaris.ingest([machine.head(), machine.line(), machine.line(), machine.line()]);
  const path = "/projects/resume/sessions/s-0001/events";
  await using stream = await followEvents(polaris, path, { "last-event-id": "2" });
  await until(() => stream.events.length === 1);
  await polaris.ingest([machine.head(), machine.line()]);
  await until(() => stream.events.length === 2);
  expect(seqs(stream.events)).toEqual([3, 4]);
});

test("a session's stream holds that session alone (J2)", async () => {
  const one = startMachine({ project: "two", name: "one" });
  const two = startMachine({ project: "two", name: "two" });
  await polaris.ingest([one.head(), one.line()]);
  await polaris.ingest([two.head(), two.line()]);
  await using stream = await followEvents(polaris, "/projects/two/sessions/two/events?after=0");
  await polaris.ingest([one.head(), one.line()]);
  await polaris.ingest([two.head(), two.line()]);
  await until(() => stream.events.length === 2);
  expect(stream.events.map((event) => event.sessionName)).toEqual(["two", "two"]);
});

test("a WebSocket carries the same events and resumes with ?after= (J2)", async () => {
  const machine = startMachine({ project: "ws" });
  await polaris.ingest([machine.head(), machine.line(), machine.line()]);
  for (const path of ["/projects/ws/ws", "/projects/ws/sessions/s-0001/ws"]) {
    const events: StoredEvent[] = [];
    const address = `${polaris.url.replace("http", "ws")}${path}?after=1`;
    const headers = { authorization: `Bearer ${polaris.token}` };
    const socket = new WebSocket(address, { headers } as unknown as string[]); // Bun's own second form
    socket.onmessage = ({ data }) => void events.push(JSON.parse(String(data)));
    await until(() => events.length >= 1);
    const before = events.length;
    await polaris.ingest([machine.head(), machine.line()]);
    await until(() => events.length === before + 1);
    expect(seqs(events)).toEqual(events.map((_, index) => index + 2));
    socket.close();
    await until(() => socket.readyState === WebSocket.CLOSED);
  }
});

test("without a token there is no stream and no socket (F4)", async () => {
  const response = await polaris.call("/projects/ws/events", { as: null });
  expect(response.status).toBe(401);
  const opened = await new Promise<boolean>((resolve) => {
    const socket = new WebSocket(`${polaris.url.replace("http", "ws")}/projects/ws/ws`);
    socket.onopen = () => resolve(true);
    socket.onerror = () => resolve(false);
  });
  expect(opened).toBe(false);
});

test("a reader that stalls is caught up by its cursor when it reads on", async () => {
  const machine = startMachine({ project: "stall" });
  await polaris.ingest([machine.head(), machine.line()]);
  const response = await polaris.call("/projects/stall/events?after=0");
  const reader = response.body?.getReader();
  // 6,000 events of 2 KB: more than the sockets' buffers and the follower's queue hold.
  for (let batch = 0; batch < 60; batch++) {
    const lines = upTo(100).map(() => machine.line({ text: "x".repeat(2000) }));
    await polaris.ingest([machine.head(), ...lines]);
  }
  const decoder = new TextDecoder();
  let text = "";
  let last = 0;
  let count = 0;
  while (count < 6001) {
    const part = await reader?.read();
    if (!part || part.done) break;
    text += decoder.decode(part.value, { stream: true });
    const frames = text.split("\n\n");
    text = frames.pop() ?? "";
    for (const frame of frames) {
      const id = Number(/^id: (\d+)$/m.exec(frame)?.[1] ?? 0);
      if (id === 0) continue;
      expect(id).toBe(last + 1);
      last = id;
      count++;
    }
  }
  expect(count).toBe(6001);
  await reader?.cancel();
});

test("a reader following by cursor during 32 concurrent writers sees every event once", async () => {
  const machines = upTo(32).map((n) => startMachine({ project: "writers", name: `w-${n}` }));
  await polaris.post("/projects", { slug: "writers" });
  await using stream = await followEvents(polaris, "/projects/writers/events?after=0");
  await Promise.all(
    machines.map(async (machine) => {
      for (let batch = 0; batch < 10; batch++) {
        await polaris.ingest([machine.head(), ...upTo(5).map(() => machine.line())]);
      }
    }),
  );
  await until(() => stream.events.length >= 1600, { timeoutMs: 20_000 });
  expect(seqs(stream.events)).toEqual(upTo(1600));
  for (const { session } of machines) {
    const own = stream.events.filter((event) => event.session === session);
    expect(own.map((event) => event.text)).toEqual(upTo(50).map((n) => `prompt ${n}`));
  }
});

test("two servers on one database hear of each other's events", async () => {
  const { startServer } = await import("../../src/server/server.ts");
  const { silent } = await import("../../src/lib/log.ts");
  const { connect } = await import("../../src/db/db.ts");
  await using db = await connect(polaris.database.place, { max: 2 });
  await using other = await startServer({
    db,
    log: silent,
    host: "127.0.0.1",
    port: 0,
    version: "test",
    keys: polaris.keys,
  });
  const machine = startMachine({ project: "pair" });
  await polaris.ingest([machine.head(), machine.line()]);
  const asOther = {
    ...polaris,
    url: other.url,
    call: (path: string, init?: RequestInit) =>
      fetch(`${other.url}${path}`, {
        ...init,
        headers: { ...init?.headers, authorization: `Bearer ${polaris.token}` },
      }),
  };
  await using stream = await followEvents(asOther, "/projects/pair/events?after=1");
  const sentAt = performance.now();
  await polaris.ingest([machine.head(), machine.line()]);
  await until(() => stream.events.length === 1);
  // The bell, not the slow poll of 3 s.
  expect(performance.now() - sentAt).toBeLessThan(2000);
});

test("a stream goes on after the database cut every connection", async () => {
  const machine = startMachine({ project: "cut" });
  await polaris.ingest([machine.head(), machine.line()]);
  await using stream = await followEvents(polaris, "/projects/cut/events?after=0");
  await until(() => stream.events.length === 1);
  await polaris.database.cut();
  await until(async () => (await polaris.ingest([machine.head(), machine.line()])).status === 200);
  await until(() => stream.events.length >= 2, { what: "the event after the cut" });
  expect(seqs(stream.events)).toEqual([1, 2]);
});
