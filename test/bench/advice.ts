import { now } from "./clock.ts";
import { machine } from "./events.ts";
import { type Server, serve } from "./house.ts";
import { type Bench, type Row, type Summary, summary } from "./lib.ts";
import { random } from "./text.ts";

/** Advice through the server: until its sender has the receipt, until its machine has it, and what a report costs. */
export const advice: Bench = {
  name: "advice",
  about: "advice through the server, and context and brief of a long session",
  async run({ quick, program }) {
    await using server = await serve(program);
    const one = machine("p-advice", "s-advice");
    const next = random(11);
    const events = quick ? 2_000 : 20_000;
    for (let sent = 0; sent < events; sent += 500) await server.ingest(one.batch(next, 500));
    const path = "/projects/p-advice/sessions/s-advice";
    // As many as one sender may send at once.
    const rounds = quick ? 10 : 30;

    await using ears = await listen(server, `${path}/events`);
    const queued: number[] = [];
    const heard: number[] = [];
    const reported: number[] = [];
    for (let n = 0; n < rounds; n++) {
      const id = crypto.randomUUID();
      const there = ears.heard(id);
      const began = now();
      await send(server, `${path}/inject`, { id, text: `advice number ${n}` });
      queued.push(now() - began);
      heard.push((await there) - began);
      const at = now();
      const body = { injection: id, route: "socket" };
      await send(server, `${path}/events`, {
        sender: "agent:claude",
        kind: "injection.seen",
        body,
      });
      reported.push(now() - at);
    }
    const read = async (to: string) => {
      const times: number[] = [];
      for (let n = 0; n < (quick ? 5 : 40); n++) {
        const at = now();
        const answer = await get(server, to);
        if (!answer.ok) throw new Error(`${to}: ${answer.status}`);
        await answer.arrayBuffer();
        times.push(now() - at);
      }
      return summary(times);
    };
    const long = `${events.toLocaleString("en")} events in the session`;
    return [
      row("advice → queued (202)", summary(queued), 50),
      row("advice → its machine's stream", summary(heard), 50),
      row("a report → the receipt", summary(reported), 50),
      row(
        "context of a session, 1,500 tokens",
        await read("/projects/p-advice/context"),
        200,
        long,
      ),
      row("brief of a session, 1,500 tokens", await read(`${path}/brief`), 500, long),
    ];
  },
};

function row(name: string, { p50, p95, p99 }: Summary, most: number, note?: string): Row {
  const target = `≤ ${most} ms`;
  const shown = { name, unit: "ms (p95)", ours: p95, p50, p99, target, pass: p95 <= most };
  return note ? { ...shown, note } : shown;
}

const headers = ({ token }: Server) => ({ authorization: `Bearer ${token}` });

async function send(server: Server, path: string, body: object): Promise<void> {
  const init = { method: "POST", headers: headers(server), body: JSON.stringify(body) };
  const response = await fetch(`${server.url}${path}`, init);
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  await response.arrayBuffer();
}

const get = (server: Server, path: string) =>
  fetch(`${server.url}${path}`, { headers: headers(server) });

/** The session's stream, as its machine hears it. */
async function listen(server: Server, path: string) {
  const over = new AbortController();
  const response = await fetch(`${server.url}${path}`, {
    headers: { ...headers(server), accept: "text/event-stream" },
    signal: over.signal,
  });
  const waiting = new Map<string, (at: number) => void>();
  const reading = (async () => {
    for await (const part of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
      const at = now();
      for (const [id, resolve] of waiting) {
        if (!part.includes(id)) continue;
        waiting.delete(id);
        resolve(at);
      }
    }
  })().catch(() => {}); // ends with the bench
  return {
    heard: (id: string) => new Promise<number>((resolve) => waiting.set(id, resolve)),
    async [Symbol.asyncDispose]() {
      over.abort();
      await reading;
    },
  };
}
