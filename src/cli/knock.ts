export type Knock = ReturnType<typeof knock>;

/**
 * One call of HTTP in its plainest form: `fetch` brings a client with threads and pools of its own (0.4 ms). `answered`
 * is the body of a 200, or undefined for anything else.
 */
export function knock(unix: string) {
  const { promise: answered, resolve } = Promise.withResolvers<string | undefined>();
  const left: Uint8Array[] = [];
  let answer = Buffer.alloc(0);

  /** A socket takes what it has room for and says when there is more. */
  function write(socket: Bun.Socket): void {
    for (let part = left.shift(); part; part = left.shift()) {
      const taken = Math.max(0, socket.write(part));
      if (taken === part.length) continue;
      left.unshift(part.subarray(taken));
      return;
    }
  }

  const open = Bun.connect({
    unix,
    socket: {
      drain: write,
      data(_, bytes) {
        answer = answer.length === 0 ? Buffer.from(bytes) : Buffer.concat([answer, bytes]);
        const end = answer.indexOf("\r\n\r\n");
        if (end < 0) return;
        const head = answer.toString("latin1", 0, end);
        if (!head.startsWith("HTTP/1.1 200 ")) return resolve(undefined);
        const length = Number(/content-length: *(\d+)/i.exec(head)?.[1] ?? 0);
        const body = answer.subarray(end + 4);
        if (body.length >= length) resolve(body.toString());
      },
      close: () => resolve(undefined),
      error: () => resolve(undefined),
    },
  }).catch(() => undefined);

  return {
    open,
    answered,
    send(socket: Bun.Socket, ...parts: Uint8Array[]) {
      left.push(...parts);
      write(socket);
    },
    giveUp: () => resolve(undefined),
  };
}
