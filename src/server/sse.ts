import { PolarisError } from "../wire/error.ts";
import type { House } from "./house.ts";

/** Seconds between comments that keep proxies and sleeping laptops honest. */
const PING_MS = 15_000;

/** One server-sent event; the id is what the reader resumes with. */
export const eventOf = (name: string, id: number, json: string): string =>
  `id: ${id}\nevent: ${name}\ndata: ${json}\n\n`;

export const whyOf = ({ reason }: AbortSignal): PolarisError =>
  reason instanceof PolarisError ? reason : new PolarisError("forbidden", "Access ended.");

function goneFrame(signal: AbortSignal): string {
  const { code, message } = whyOf(signal);
  return `event: gone\ndata: ${JSON.stringify({ code, message })}\n\n`;
}

/**
 * Server-sent events: `id` is where a reader is, so that a browser resumes by itself with Last-Event-ID. Frames are
 * written only when the reader takes them (pull), so that a stalled reader costs one page of memory. `follow` answers
 * texts made by `eventOf`.
 */
export function sse(
  house: House,
  access: { signal: AbortSignal } & Disposable,
  follow: (signal: AbortSignal) => AsyncGenerator<string>,
): Response {
  const ended = new AbortController();
  const signal = AbortSignal.any([ended.signal, house.stopping, access.signal]);
  const encoder = new TextEncoder();
  const frames = follow(signal);
  let ping: ReturnType<typeof setInterval> | undefined;
  let over = false;
  function leave(): void {
    over = true;
    clearInterval(ping);
    access[Symbol.dispose]();
    ended.abort();
  }
  /** The last frame says why, so that the client does not ask again in vain. */
  function close(controller: ReadableStreamDefaultController<Uint8Array>): void {
    if (over) return;
    if (access.signal.aborted) controller.enqueue(encoder.encode(goneFrame(access.signal)));
    leave();
    controller.close();
  }
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      controller.enqueue(encoder.encode("retry: 1000\n: open\n\n"));
      ping = setInterval(() => {
        if ((controller.desiredSize ?? 0) > 0) controller.enqueue(encoder.encode(": ping\n\n"));
      }, PING_MS);
      // A reader that stalls does not pull: its stream ends all the same.
      access.signal.addEventListener("abort", () => close(controller), { once: true });
    },
    async pull(controller) {
      const next = await frames.next();
      if (next.done) return close(controller);
      if (over) return;
      controller.enqueue(encoder.encode(next.value));
    },
    cancel: leave,
  });
  return new Response(body, {
    headers: {
      "content-type": "text/event-stream; charset=utf-8",
      "cache-control": "no-store, no-transform",
      "x-accel-buffering": "no",
    },
  });
}

/** A log's stream: its frames one by one, each with its seq as its id. */
export const sseLog = (
  house: House,
  access: { signal: AbortSignal } & Disposable,
  follow: (signal: AbortSignal) => AsyncGenerator<{ seq: number; json: string }[]>,
): Response =>
  sse(house, access, async function* (signal) {
    for await (const frames of follow(signal)) {
      yield frames.map(({ seq, json }) => eventOf("event", seq, json)).join("");
    }
  });
