/**
 * The one live connection of a page. It resumes after the last news that the page holds, so that a dropped line, a
 * restarted server or a laptop that slept leaves neither a gap nor a double. It says honestly whether it is live.
 */
import { type Frame, readFrames } from "./frames.ts";

export type LiveState =
  | { is: "connecting" }
  | { is: "live" }
  | { is: "resting" }
  | { is: "reconnecting"; since: number }
  | { is: "stopped"; since: number; why: string };

/** The server sends a comment every 15 s; two missed ones and some slack mean that the line is dead. */
const SILENCE_MS = 40_000;

/**
 * A tab that nobody has looked at for this long gives its line back and catches up when looked at again: browsers
 * allow six connections to a server over HTTP/1.1, all tabs together, and a seventh tab would not even load.
 */
const REST_MS = 60_000;

export interface LiveInput<T> {
  /** Where to go on from what is at hand; asked at every connection. */
  address: () => string;
  /** What a frame brings; undefined for a frame of no use here. */
  read: (frame: Frame) => T | undefined;
  onNews: (news: T[]) => void;
  onState: (state: LiveState) => void;
}

/** Stops with the signal. */
export function startLive<T>(
  { address, read, onNews, onState }: LiveInput<T>,
  signal: AbortSignal,
): void {
  let line: AbortController | undefined;
  let heard = Date.now();
  let lostAt = 0;
  let tries = 0;
  let wake: (() => void) | undefined;
  let resting: ReturnType<typeof setTimeout> | undefined;
  let pending: T[] = [];

  void run();
  const watch = setInterval(() => silent(SILENCE_MS), 5_000);
  const hurry = () => {
    tries = 0;
    wake?.();
  };
  // After sleep or a change of network, the old line may look open for minutes: two missed comments are enough.
  const seen = () => {
    clearTimeout(resting);
    if (document.visibilityState === "hidden") {
      resting = setTimeout(() => line?.abort(), REST_MS);
      return;
    }
    silent(20_000);
    hurry();
  };
  addEventListener("online", hurry);
  document.addEventListener("visibilitychange", seen);
  signal.addEventListener("abort", () => {
    clearInterval(watch);
    clearTimeout(resting);
    removeEventListener("online", hurry);
    document.removeEventListener("visibilitychange", seen);
    line?.abort();
    wake?.();
  });

  async function run(): Promise<void> {
    onState({ is: "connecting" });
    while (!signal.aborted) {
      const refused = await connect().catch(() => "");
      flush();
      if (signal.aborted) return;
      if (refused) return onState({ is: "stopped", since: Date.now(), why: refused });
      if (document.visibilityState === "hidden" && !lostAt && Date.now() - heard < SILENCE_MS) {
        onState({ is: "resting" });
        await wait(2 ** 31 - 1);
        continue;
      }
      lostAt ||= Date.now();
      onState({ is: "reconnecting", since: lostAt });
      await wait(Math.min(15_000, 250 * 2 ** Math.min(tries++, 10)) * (0.5 + Math.random() / 2));
    }
  }

  /** Ends when the line does; answers a reason when there is no use in trying again. */
  async function connect(): Promise<string> {
    line = new AbortController();
    heard = Date.now();
    const response = await fetch(address(), {
      headers: { accept: "text/event-stream" },
      cache: "no-store",
      signal: line.signal,
    });
    if (response.status === 401) return "You are signed out.";
    if (response.status === 403 || response.status === 404) return "You no longer have access.";
    if (!response.ok || !response.body) throw new Error(`answered ${response.status}`);
    lostAt = 0;
    onState({ is: "live" });
    let gone = "";
    await readFrames(
      response.body,
      (frame) => {
        tries = 0;
        if (frame.event === "gone") gone = whyOf(JSON.parse(frame.data));
        const news = read(frame);
        if (news !== undefined && pending.push(news) === 1) schedule(flush);
      },
      () => {
        heard = Date.now();
      },
    );
    return gone;
  }

  /** A burst is drawn once: catching up on 5,000 events must not draw 5,000 times. */
  function flush(): void {
    if (!pending.length) return;
    const news = pending;
    pending = [];
    onNews(news);
  }

  function silent(ms: number): void {
    if (Date.now() - heard > ms) line?.abort();
  }

  function wait(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

/** The next frame, or soon when the page is hidden and draws none. */
function schedule(act: () => void): void {
  if (document.visibilityState === "visible") requestAnimationFrame(act);
  else setTimeout(act, 250);
}

/** The server ended the line for good and said why. */
const whyOf = (value: unknown): string =>
  typeof value === "object" && value !== null && "message" in value
    ? String(value.message)
    : "You no longer have access.";
