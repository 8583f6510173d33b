/** Server-sent events as they stand in the stream (HTML Living Standard §9.2.6). */
export interface Frame {
  id: string;
  event: string;
  data: string;
}

/** A frame longer than this is not ours to keep in memory. */
const LONGEST = 64 * 1024 * 1024;

/** Yields frame by frame; a frame cut off by the end of the stream is dropped, it comes again after the resume. */
export async function* frames(stream: ReadableStream<Uint8Array>): AsyncGenerator<Frame> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of stream) {
    rest += decoder.decode(chunk, { stream: true });
    const parts = rest.split(/\r?\n\r?\n/);
    rest = parts.pop() ?? "";
    if (rest.length > LONGEST) throw new Error("a frame of the stream is too long");
    for (const part of parts) {
      const frame = parseFrame(part);
      if (frame) yield frame;
    }
  }
}

function parseFrame(text: string): Frame | undefined {
  const frame: Frame = { id: "", event: "message", data: "" };
  const data: string[] = [];
  for (const line of text.split(/\r?\n/)) {
    const [, name, value = ""] = /^([^:]+)(?:: ?(.*))?$/s.exec(line) ?? [];
    if (name === "data") data.push(value);
    else if (name === "id") frame.id = value;
    else if (name === "event") frame.event = value;
  }
  if (data.length === 0 && !frame.id) return undefined;
  return { ...frame, data: data.join("\n") };
}
