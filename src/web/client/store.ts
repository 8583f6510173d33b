/**
 * Everything a session page knows. Made once by the server to draw the page and once more by the browser from the
 * same data, so that both draw the same.
 */
import { computed, type ReadonlySignal, type Signal, signal } from "@preact/signals";
import type { StoredEvent } from "../../wire/event.ts";
import type { Session } from "../../wire/session.ts";
import type { Here } from "../parts/bar.tsx";
import { type Folded, fold } from "./fold.ts";
import type { LiveState } from "./live.ts";

/** What the server puts into the page. */
export interface SessionData {
  session: Session;
  /** In order of `seq`. */
  events: StoredEvent[];
  /** Whether the session has events before these. */
  earlier: boolean;
  /** The server's clock when it drew the page. */
  now: number;
  /** Who reads, and where. */
  viewer: string | null;
  here?: Here | undefined;
}

export interface Store {
  session: Signal<Session>;
  folded: ReadonlySignal<Folded>;
  /** Raised with every change of what `folded` holds. */
  revision: Signal<number>;
  live: Signal<LiveState | null>;
  now: Signal<number>;
  earlier: Signal<boolean>;
  viewer: string | null;
  here: Here | undefined;
  first(): number;
  last(): number;
  has(seq: number): boolean;
  /** Takes events in any order, known ones too; answers how many were new. */
  add(events: StoredEvent[]): number;
  /** Puts the whole event in the place of its shortened form. */
  replace(event: StoredEvent): void;
}

export function startStore(data: SessionData): Store {
  let events = [...data.events].sort((a, b) => a.seq - b.seq);
  const known = new Map(events.map((event) => [event.seq, event]));
  const folded = signal(fold(events));
  const revision = signal(0);
  const refold = () => {
    events = [...known.values()].sort((a, b) => a.seq - b.seq);
    folded.value = fold(events);
    revision.value++;
  };
  return {
    session: signal(data.session),
    folded: computed(() => folded.value),
    revision,
    live: signal(null),
    now: signal(data.now),
    earlier: signal(data.earlier),
    viewer: data.viewer,
    here: data.here,
    first: () => events[0]?.seq ?? 0,
    last: () => events.at(-1)?.seq ?? 0,
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
    replace(event) {
      known.set(event.seq, event);
      refold();
    },
  };
}
