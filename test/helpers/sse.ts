import type { StoredEvent } from "../../src/wire/event.ts";

interface Caller {
  call(path: string, init?: RequestInit): Promise<Response>;
}

/** Reads a stream of server-sent events into a growing list until disposed. */
export async function followEvents(
  polaris: Caller,
  path: string,
  headers: Record<string, string> = {},
) {
  const ended = new AbortController();
  const response = await polaris.call(path, { headers, signal: ended.signal });
  if (!response.ok || !response.body)
    throw new Error(`${response.status} ${await response.text()}`);
  const events: StoredEvent[] = [];
  const reading = (async () => {
    let text = "";
    for await (const part of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
      text += part;
      const frames = text.split("\n\n");
      text = frames.pop() ?? "";
      for (const frame of frames) {
        const data = /^data: (.*)$/m.exec(frame)?.[1];
        if (data) events.push(JSON.parse(data));
      }
    }
  })().catch(() => {}); // the stream ends with its test, or breaks, which the test sees by the list
  return {
    events,
    response,
    async [Symbol.asyncDispose]() {
      ended.abort();
      await reading;
    },
  };
}
