/**
 * Everything a session page knows. Made once by the server to draw the page and once more by the browser from the
 * same data, so that both draw the same.
 */
import { computed, type ReadonlySignal, type Signal, signal } from "@preact/signals";
import type { StoredEvent } from "../../wire/event.ts";
import type { Outline } from "../../wire/outline.ts";
import type { Session } from "../../wire/session.ts";
import type { Here } from "../parts/bar.tsx";
import { type Folded, fold } from "./fold.ts";
import type { LiveState } from "./live.ts";

/** What the server puts into the page. */
export interface SessionData {
  session: Session;
  /** In order of `seq`. */
  events: StoredEvent[];
  /** Whether the session has events before these, and after them. */
  earlier: boolean;
  later?: boolean | undefined;
  /** The server's clock when it drew the page. */
  now: number;
  /** Who reads, and where. */
  viewer: string | null;
  here?: Here | undefined;
  /** Whether the viewer may have its pull request told of it. */
  pulls?: boolean | undefined;
}

export interface Store {
  session: Signal<Session>;
  folded: ReadonlySignal<Folded>;
  /** Raised with every change of what `folded` holds. */
  revision: Signal<number>;
  live: Signal<LiveState | null>;
  now: Signal<number>;
  earlier: Signal<boolean>;
  /** Whether the session goes on behind the last event at hand: what comes live is then counted, and not shown. */
  later: Signal<boolean>;
  /** All prompts of the session, once they were asked for. */
  outline: Signal<Outline | null>;
  replay: Signal<Replay | null>;
  viewer: string | null;
  here: Here | undefined;
  pulls: boolean;
  first(): number;
  last(): number;
  /** The last event heard of, shown or not: where the live line goes on. */
  heard(): number;
  size(): number;
  /** When the last event at hand happened. */
  at(): string | undefined;
  has(seq: number): boolean;
  /** Takes events in any order, known ones too; answers how many were new. */
  add(events: StoredEvent[]): number;
  /** What came live: shown when the page stands at the end, else only counted. */
  hear(events: StoredEvent[]): number;
  /** A page before or after those at hand. Of more than `MOST` those at the other end are let go. */
  extend(side: "earlier" | "later", page: { events: StoredEvent[]; more: boolean }): void;
  /** Other events altogether: another place in the session. */
  jump(events: StoredEvent[], around: { earlier: boolean; later: boolean }): void;
  /** Puts the whole event in the place of its shortened form. */
  replace(event: StoredEvent): void;
}

/** A session played again: how far, how fast, whether it moves. */
export interface Replay {
  seq: number;
  at: string;
  speed: number;
  isPlaying: boolean;
}

/** Events held at once while one reads on. Enough for some hours of reading; folding and drawing them anew takes 20 to 30 ms. */
const MOST = 800;
/** A page that grows at its end lets go of its beginning from here on, back to `MOST`. */
export const FULL = 3000;

export function startStore(data: SessionData): Store {
  let events = [...data.events].sort((a, b) => a.seq - b.seq);
  const known = new Map(events.map((event) => [event.seq, event]));
  let heard = Math.max(events.at(-1)?.seq ?? 0, data.later ? data.session.lastSeq : 0);
  const earlier = signal(data.earlier);
  const later = signal(data.later ?? false);
  const folded = signal(fold(events));
  const revision = signal(0);
  const refold = () => {
    events = [...known.values()].sort((a, b) => a.seq - b.seq);
    folded.value = fold(events);
    revision.value++;
  };
  const store: Store = {
    outline: signal(null),
    replay: signal(null),
    later,
    heard: () => Math.max(heard, events.at(-1)?.seq ?? 0),
    session: signal(data.session),
    folded: computed(() => folded.value),
    revision,
    live: signal(null),
    now: signal(data.now),
    earlier,
    viewer: data.viewer,
    here: data.here,
    pulls: data.pulls === true,
    first: () => events[0]?.seq ?? 0,
    last: () => events.at(-1)?.seq ?? 0,
    size: () => events.length,
    at: () => events.at(-1)?.at,
    has: (seq) => known.has(seq),
    add(more) {
      const fresh = more.filter(({ seq }) => !known.has(seq)).sort((a, b) => a.seq - b.seq);
      const inOrder = (fresh[0]?.seq ?? 0) > (events.at(-1)?.seq ?? 0);
      let taken = 0;
      for (const event of fresh) {
        if (known.has(event.seq)) continue;
        known.set(event.seq, event);
        taken++;
        if (!inOrder) continue;
        events.push(event);
        folded.value.add(event);
      }
      if (!taken) return 0;
      if (inOrder) revision.value++;
      else refold();
      return taken;
    },
    hear(more) {
      const before = heard;
      heard = Math.max(heard, ...more.map(({ seq }) => seq));
      if (!later.value && !store.replay.value) return store.add(more);
      return more.filter(({ seq }) => seq > before).length;
    },
    extend(side, { events: page, more }) {
      for (const event of page) known.set(event.seq, event);
      const seqs = [...known.keys()].sort((a, b) => a - b);
      const over = Math.max(0, seqs.length - Math.max(MOST, page.length * 2));
      const gone = side === "earlier" ? seqs.slice(seqs.length - over) : seqs.slice(0, over);
      for (const seq of gone) known.delete(seq);
      const [mine, other] = side === "earlier" ? [earlier, later] : [later, earlier];
      mine.value = more;
      if (over) other.value = true;
      refold();
    },
    jump(page, around) {
      known.clear();
      for (const event of page) known.set(event.seq, event);
      earlier.value = around.earlier;
      later.value = around.later;
      refold();
    },
    replace(event) {
      known.set(event.seq, event);
      refold();
    },
  };
  return store;
}
