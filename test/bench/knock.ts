/**
 * HTTP over kept-alive unix sockets with as little of our own as can be: `fetch` itself would use half the processor
 * time of what is measured.
 */
export async function knocker(unix: string, clients: number) {
  const doors = await Promise.all(Array.from({ length: clients }, () => open(unix)));
  return {
    post(client: number, path: string, body: string): Promise<string> {
      const door = doors[client % doors.length];
      if (!door) throw new Error("no door");
      return door(path, body);
    },
    async [Symbol.asyncDispose]() {
      for (const door of doors) door.end();
    },
  };
}

async function open(unix: string) {
  let answered: ((text: string) => void) | undefined;
  let text = "";
  const socket = await Bun.connect({
    unix,
    socket: {
      data(_, bytes) {
        text += bytes.toString();
        const head = text.indexOf("\r\n\r\n");
        const length = Number(/content-length: (\d+)/i.exec(text)?.[1] ?? 0);
        if (head < 0 || text.length < head + 4 + length) return;
        const body = text.slice(head + 4);
        text = "";
        answered?.(body);
      },
    },
  });
  const post = (path: string, body: string): Promise<string> =>
    new Promise((resolve) => {
      answered = resolve;
      const length = Buffer.byteLength(body);
      socket.write(
        `POST ${path} HTTP/1.1\r\nhost: polaris\r\ncontent-type: application/json\r\ncontent-length: ${length}\r\n\r\n${body}`,
      );
    });
  return Object.assign(post, { end: () => socket.end() });
}
