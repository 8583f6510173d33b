import { type IngestEvent, IngestHead, IngestEvent as Shape } from "../../src/wire/ingest.ts";

/** What the server answers instead of taking a batch; undefined takes it. */
export type Trouble = (request: Request, body: string) => Response | undefined;

/**
 * The server's side of the wire contract, in memory: keeps what it got by id, acknowledges the highest contiguous
 * position per session, and answers whatever trouble it is told to.
 */
export function startServer({ token = "good", port = 0 } = {}) {
  const sessions = new Map<string, { acked: number; name: string; have: Set<number> }>();
  const events = new Map<string, IngestEvent>();
  const order: IngestEvent[] = [];
  const heads: IngestHead[] = [];
  const batches: number[] = [];
  const streams = new Set<ReadableStreamDefaultController<Uint8Array>>();
  const asked: string[] = [];
  let trouble: Trouble | undefined;
  let tokenNow = token;
  let taken = new Set<string>();
  let lastSeq: number | undefined;

  const server = Bun.serve({
    port,
    hostname: "127.0.0.1",
    maxRequestBodySize: 64 * 1024 * 1024,
    idleTimeout: 30,
    async fetch(request) {
      const { pathname } = new URL(request.url);
      asked.push(`${request.method} ${pathname}`);
      if (pathname === "/healthz") return Response.json({ ok: true, version: "test" });
      if (pathname === "/ingest") return ingest(request, await request.text());
      if (request.headers.get("authorization") !== `Bearer ${tokenNow}`) return refuse(401);
      if (pathname === "/me") return Response.json({ participant: "user:manu", org: "test" });
      if (pathname.endsWith("/events")) return stream(request);
      if (lastSeq !== undefined && /\/sessions\/[^/]+$/.test(pathname)) {
        return Response.json({ lastSeq });
      }
      return refuse(404);
    },
  });

  function refuse(status: number): Response {
    const code = status === 401 ? "unauthenticated" : "not_found";
    return Response.json({ error: { code, message: `said ${status}`, hint: "" } }, { status });
  }

  function ingest(request: Request, body: string): Response {
    const answer = trouble?.(request, body);
    if (answer) return answer;
    if (request.headers.get("authorization") !== `Bearer ${tokenNow}`) return refuse(401);
    const [first = "", ...lines] = body.trimEnd().split("\n");
    const head = IngestHead.parse(JSON.parse(first));
    heads.push(head);
    batches.push(lines.length);
    const acked: Record<string, number> = {};
    const names: Record<string, string> = {};
    let stored = 0;
    for (const { id, name, floor } of head.sessions) {
      const known = sessions.get(id) ?? { acked: 0, name: freeName(name), have: new Set<number>() };
      known.acked = Math.max(known.acked, floor - 1);
      sessions.set(id, known);
      names[id] = known.name;
    }
    for (const line of lines) {
      const event = Shape.parse(JSON.parse(line));
      sessions.get(event.session)?.have.add(event.pos);
      if (events.has(event.id)) continue;
      stored++;
      events.set(event.id, event);
      order.push(event);
    }
    for (const { id } of head.sessions) {
      const known = sessions.get(id);
      if (!known) continue;
      while (known.have.has(known.acked + 1)) known.acked++;
      acked[id] = known.acked;
    }
    return Response.json({ acked, names, stored, known: lines.length - stored, refused: [] });
  }

  function freeName(name: string): string {
    const free = taken.has(name) ? `${name}-2` : name;
    taken.add(free);
    return free;
  }

  function stream(request: Request): Response {
    asked.push(`stream after ${request.headers.get("last-event-id")}`);
    let mine: ReadableStreamDefaultController<Uint8Array> | undefined;
    return new Response(
      new ReadableStream<Uint8Array>({
        start(controller) {
          mine = controller;
          streams.add(controller);
          controller.enqueue(new TextEncoder().encode(": hello\n\n"));
        },
        cancel() {
          if (mine) streams.delete(mine);
        },
      }),
      { headers: { "content-type": "text/event-stream" } },
    );
  }

  return {
    url: `http://127.0.0.1:${server.port}`,
    port: server.port ?? 0,
    token,
    events,
    /** In the order of arrival. */
    order,
    heads,
    batches,
    asked,
    sessions,
    texts: () => order.map((event) => event.text),
    setTrouble(next: Trouble | undefined) {
      trouble = next;
    },
    setToken(next: string) {
      tokenNow = next;
    },
    /** As after the restore of an old backup. */
    forget() {
      sessions.clear();
      events.clear();
      order.length = 0;
      taken = new Set();
    },
    /** How far it says that its record of every session goes. */
    setLastSeq(seq: number) {
      lastSeq = seq;
    },
    takeName: (name: string) => void taken.add(name),
    /** Sends one frame to every open stream; answers how many there were. */
    tell(id: number, event: unknown): number {
      const frame = new TextEncoder().encode(`id: ${id}\ndata: ${JSON.stringify(event)}\n\n`);
      for (const controller of streams) controller.enqueue(frame);
      return streams.size;
    },
    async [Symbol.asyncDispose]() {
      for (const controller of streams) controller.close();
      await server.stop(true);
    },
  };
}

export type Server = ReturnType<typeof startServer>;
