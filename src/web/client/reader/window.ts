/**
 * Which part of a session is on the page. A session of 50,000 events is never held whole: some hundred events around
 * what is read, fetched as one comes near their end.
 */
import { frames } from "../follow.ts";
import { isPage } from "../guard.ts";
import type { Store } from "../store.ts";
import { ask } from "./ask.ts";

const PAGE = 150;

export interface Window {
  earlier(): Promise<void>;
  later(): Promise<void>;
  show(seq: number): Promise<void>;
  end(): Promise<void>;
  /** The events up to this one, and nothing after: a moment of the replay. */
  upTo(seq: number): Promise<void>;
}

export function startWindow(store: Store, address: string, signal: AbortSignal): Window {
  let busy: Promise<void> | undefined;

  async function page(query: string) {
    const value = await ask(`${address}/messages?${query}`);
    if (!isPage(value)) throw new Error("The server answered something else.");
    return { events: value.items, more: value.next !== null };
  }

  /** One at a time; a second wish for the same while it runs is the same wish. */
  const once = (act: () => Promise<void>) => (): Promise<void> => {
    busy ??= act().finally(() => {
      busy = undefined;
    });
    return busy;
  };

  /** Adds a page, and keeps what is read where it stands on the screen. */
  async function extend(side: "earlier" | "later"): Promise<void> {
    const query = side === "earlier" ? `before=${store.first()}` : `after=${store.last()}`;
    const more = await page(`${query}&limit=${PAGE}`);
    const mark = markOf();
    store.extend(side, more);
    await frames(1);
    if (mark?.element.isConnected) {
      scrollBy({ top: mark.element.getBoundingClientRect().top - mark.top, behavior: "instant" });
    }
  }
  const earlier = once(() => extend("earlier"));
  const later = once(() => extend("later"));

  async function jump(seq: number): Promise<void> {
    const [before, after] = await Promise.all([
      page(`before=${seq}&limit=${PAGE >> 1}`),
      page(`after=${seq - 1}&limit=${PAGE}`),
    ]);
    store.jump([...before.events, ...after.events], { earlier: before.more, later: after.more });
    await frames(1);
  }

  watchEnds();
  return {
    earlier,
    later,
    async show(seq) {
      if (!store.has(seq)) await jump(seq);
      await reveal(seq);
    },
    async end() {
      if (!store.later.value) return;
      const last = await page(`before=${Number.MAX_SAFE_INTEGER}&limit=${PAGE}`);
      store.jump(last.events, { earlier: last.more, later: false });
      await frames(2);
    },
    async upTo(seq) {
      const past = await page(`before=${seq + 1}&limit=${PAGE}`);
      store.jump(past.events, { earlier: past.more, later: true });
      await frames(1);
    },
  };

  /** Near an end of what is at hand the next page is fetched, from the reader's first scroll on. */
  function watchEnds(): void {
    const look = () => {
      if (busy || store.replay.value) return;
      const { scrollHeight, clientHeight } = document.documentElement;
      const below = scrollHeight - clientHeight - scrollY;
      if (store.earlier.value && scrollY < AHEAD) void earlier().catch(() => {});
      else if (store.later.value && below < AHEAD) void later().catch(() => {});
    };
    for (const name of ["wheel", "touchmove", "keydown", "scroll"]) {
      addEventListener(name, () => requestAnimationFrame(look), { signal, passive: true });
    }
  }
}

/** Pixels before the end at which the next page is asked for: about two screens. */
const AHEAD = 1800;

/** Something that is read just now, and where it stands. */
function markOf(): { element: Element; top: number } | undefined {
  for (const element of document.querySelectorAll(".turn [id^='e-']")) {
    const { top, bottom } = element.getBoundingClientRect();
    if (bottom > 64 && top < innerHeight) return { element, top };
  }
  return undefined;
}

/** Brings an event to the middle of the screen and opens what hides it. */
async function reveal(seq: number): Promise<void> {
  const target = document.getElementById(`e-${seq}`);
  for (let fold = target?.closest("details"); fold; fold = fold.parentElement?.closest("details")) {
    fold.open = true;
  }
  target?.scrollIntoView({ block: "center" });
  // What was skipped until now has its true height only after being drawn once.
  await frames(2);
  target?.scrollIntoView({ block: "center" });
}
