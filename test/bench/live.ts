import { join } from "node:path";
import { now } from "./clock.ts";
import { machine } from "./events.ts";
import { type Server, serve } from "./house.ts";
import { type Bench, type Row, type Summary, summary } from "./lib.ts";
import { random } from "./text.ts";

/** From the answer of POST /ingest (its transaction is committed) to the frame at each subscriber. */
export const live: Bench = {
  name: "live",
  about: "an event's way to 1 and 100 subscribers, SSE and WebSocket",
  async run({ quick, program }) {
    await using server = await serve(program);
    const rows: Row[] = [];
    for (const [at, way] of (["sse", "ws"] as const).entries()) {
      for (const count of [1, 100]) {
        const events = quick ? 30 : 150;
        const name = `p-${at}-${count}`;
        const { post } = poster(server, name);
        await post(); // makes the project
        const ours = await fan(
          { url: server.url, token: server.token, way, project: name, count },
          post,
          events,
        );
        const bare = await floor(way, count, events);
        rows.push(
          row(
            `${way === "sse" ? "SSE" : "WebSocket"}, ${count} of ${count} subscribers`,
            ours,
            bare,
          ),
        );
      }
    }
    return rows;
  },
};

function row(name: string, ours: Fanned, floor: Fanned): Row {
  return {
    name: `event → ${name}`,
    unit: "ms (p95)",
    ours: ours.answered.p95,
    floor: floor.answered.p95,
    p50: ours.answered.p50,
    p99: ours.answered.p99,
    target: "≤ 10 ms",
    pass: ours.answered.p95 <= 10,
    note: `from the first byte of the request: p95 ${ours.sent.p95.toFixed(2)} ms; floor: a server that only hands on`,
  };
}

interface Way {
  url: string;
  token: string;
  way: "sse" | "ws";
  project: string;
  count: number;
}

interface Fanned {
  answered: Summary;
  sent: Summary;
}

/** One event at a time, as people and agents make them: each waits until all have the one before. */
async function fan(way: Way, post: () => Promise<unknown>, events: number): Promise<Fanned> {
  await using crowd = await subscribe(way);
  const answered: number[] = [];
  const sent: number[] = [];
  for (let turn = -5; turn < events; turn++) {
    const seen = crowd.next();
    const began = now();
    await post();
    const committed = now();
    for (const time of await seen) {
      if (turn < 0) continue;
      // A frame may be there before the answer is read: the bell rings first.
      answered.push(Math.max(0, time - committed));
      sent.push(time - began);
    }
  }
  return { answered: summary(answered), sent: summary(sent) };
}

/** So many subscribers in a process of their own; they share the wall clock with this one. */
async function subscribe({ url, token, way, project, count }: Way) {
  const program = [process.execPath, join(import.meta.dir, "subscribers.ts")];
  const child = Bun.spawn([...program, url, token, way, project, String(count)], {
    stdout: "pipe",
    stderr: "inherit",
  });
  const lines = linesOf(child.stdout);
  if ((await lines.next()).value !== "ready") throw new Error("the subscribers did not connect");
  return {
    /** When each of them had the next event. */
    async next(): Promise<number[]> {
      const times: number[] = [];
      while (times.length < count) {
        const { value, done } = await lines.next();
        if (done) throw new Error("the subscribers ended");
        times.push(...value.split(" ").map(Number));
      }
      return times;
    },
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await child.exited;
    },
  };
}

async function* linesOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<string, void> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const part of stream) {
    const lines = (text + decoder.decode(part, { stream: true })).split("\n");
    text = lines.pop() ?? "";
    yield* lines;
  }
}

function poster(server: Server, project: string) {
  const one = machine(project, "s-live");
  const next = random(5);
  return { post: () => server.ingest(one.batch(next, 1)) };
}

/** The same frames from a server that keeps nothing. */
async function floor(way: Way["way"], count: number, events: number): Promise<Fanned> {
  const child = Bun.spawn([process.execPath, join(import.meta.dir, "hand-on.ts")], {
    stdout: "pipe",
  });
  try {
    const url = (await linesOf(child.stdout).next()).value ?? "";
    const one = machine("floor", "s-floor");
    const next = random(5);
    const post = async () =>
      (await fetch(url, { method: "POST", body: one.batch(next, 1) })).text();
    return await fan({ url, token: "none", way, project: "floor", count }, post, events);
  } finally {
    child.kill("SIGKILL");
    await child.exited;
  }
}
