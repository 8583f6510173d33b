/**
 * Plays a session again: its events come one after the other, as far apart as they were, made faster, and never with a
 * longer rest than a reader has patience for. What happens live meanwhile waits for the end of the replay.
 */
import type { StoredEvent } from "../../../wire/event.ts";
import type { ReplayActs } from "../desk.ts";
import { isPage } from "../guard.ts";
import { FULL, type Store } from "../store.ts";
import { ask, tell } from "./ask.ts";
import type { Window } from "./window.ts";

const [LEAST_MS, MOST_MS] = [30, 1500];

export function startReplay(
  store: Store,
  { window, address, drawn }: { window: Window; address: string; drawn: () => void },
): ReplayActs {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let coming: StoredEvent[] = [];

  const change = (to: object) => {
    if (store.replay.value) store.replay.value = { ...store.replay.value, ...to };
  };

  async function next(): Promise<StoredEvent | undefined> {
    if (!coming.length) {
      const after = store.replay.value?.seq ?? 0;
      const page = await ask(`${address}/messages?after=${after}&limit=200`);
      if (isPage(page)) coming = page.items;
    }
    return coming.shift();
  }

  async function step(): Promise<void> {
    const event = await next();
    if (!store.replay.value?.isPlaying) {
      if (event) coming.unshift(event);
      return;
    }
    if (!event) return change({ isPlaying: false });
    store.add([event]);
    if (store.size() > FULL) store.extend("later", { events: [], more: true });
    change({ seq: event.seq, at: event.at });
    drawn();
    wait(event);
  }

  function wait(event: StoredEvent): void {
    const { speed = 1 } = store.replay.value ?? {};
    const gap = coming[0] ? Date.parse(coming[0].at) - Date.parse(event.at) : 0;
    timer = setTimeout(run, Math.min(MOST_MS, Math.max(LEAST_MS, gap / speed)));
  }

  const run = () =>
    void step().catch((error: unknown) => {
      change({ isPlaying: false });
      tell(error instanceof Error ? error.message : "The replay stopped.");
    });

  function pause(): void {
    clearTimeout(timer);
    change({ isPlaying: false });
  }

  async function scrub(seq: number): Promise<void> {
    const wasPlaying = store.replay.value?.isPlaying ?? false;
    pause();
    coming = [];
    await window.upTo(seq);
    const at = store.at() ?? store.session.value.createdAt;
    change({ seq: Math.max(seq, store.last()), at, isPlaying: wasPlaying });
    drawn();
    if (wasPlaying) run();
  }
  const failed = (error: unknown) => tell(error instanceof Error ? error.message : String(error));

  return {
    open() {
      const { first } = store.outline.value ?? {};
      if (!first) return tell("There is nothing to replay yet.");
      const at = first.at ?? store.session.value.createdAt;
      store.replay.value = { seq: first.seq, at, speed: 4, isPlaying: false };
      void scrub(first.seq)
        .then(() => {
          change({ isPlaying: true });
          run();
        })
        .catch(failed);
    },
    close() {
      pause();
      store.replay.value = null;
      store.later.value = true;
      void window.end().then(drawn).catch(failed);
    },
    toggle() {
      if (store.replay.value?.isPlaying) return pause();
      change({ isPlaying: true });
      run();
    },
    speed: (times) => change({ speed: times }),
    scrub: (seq) => void scrub(seq).catch(failed),
  };
}
