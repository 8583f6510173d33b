/** The floor of the live bench: hands every body on to all who listen, without a token, a database or a look at it. */
const streams = new Set<ReadableStreamDefaultController<Uint8Array>>();
const encoder = new TextEncoder();
const server = Bun.serve({
  hostname: "127.0.0.1",
  port: 0,
  idleTimeout: 0,
  async fetch(request, server) {
    if (request.method === "POST") {
      const [, event = ""] = (await request.text()).split("\n");
      const bytes = encoder.encode(`id: 1\nevent: event\ndata: ${event}\n\n`);
      for (const stream of streams) stream.enqueue(bytes);
      server.publish("all", event);
      return new Response("{}");
    }
    if (request.headers.get("upgrade") === "websocket") {
      return server.upgrade(request) ? undefined : new Response("", { status: 400 });
    }
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        streams.add(controller);
        controller.enqueue(encoder.encode(": open\n\n"));
      },
    });
    return new Response(body, { headers: { "content-type": "text/event-stream" } });
  },
  websocket: {
    open: (socket) => void socket.subscribe("all"),
    message() {},
  },
});
console.log(`http://127.0.0.1:${server.port}`);
