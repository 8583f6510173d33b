/**
 * Reads a stream of server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html).
 * `EventSource` is not used: it hides the server's comments, which are the only sign of life while nothing happens,
 * and the status of a refusal (signed out, no access), which decides whether to try again.
 */
export interface Frame {
  id: string;
  event: string;
  data: string;
}

/** Calls `onFrame` for each event and `onBytes` for any sign of life; ends with the stream. */
export async function readFrames(
  stream: ReadableStream<Uint8Array>,
  onFrame: (frame: Frame) => void,
  onBytes: () => void,
): Promise<void> {
  const decoder = new TextDecoder();
  const reader = stream.getReader();
  let rest = "";
  let frame: Frame = { id: "", event: "", data: "" };
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    onBytes();
    const lines = (rest + decoder.decode(value, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    for (const each of lines) {
      const line = each.endsWith("\r") ? each.slice(0, -1) : each;
      if (line === "") {
        if (frame.data) onFrame(frame);
        frame = { id: "", event: "", data: "" };
      } else take(frame, line);
    }
  }
}

function take(frame: Frame, line: string): void {
  const colon = line.indexOf(":");
  if (colon === 0) return;
  const name = colon < 0 ? line : line.slice(0, colon);
  const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
  if (name === "data") frame.data += (frame.data ? "\n" : "") + value;
  else if (name === "id") frame.id = value;
  else if (name === "event") frame.event = value;
}
