import { createContext } from "preact";
import { useContext } from "preact/hooks";
import type { SessionCommit } from "../../wire/pull.ts";
import { type Acts, NO_ACTS } from "./advice/acts.ts";
import type { Store } from "./store.ts";

/** What every part of a session page may read and ask for. The server draws with acts that do nothing. */
export interface Desk {
  store: Store;
  /** Advice into the session, and its driver's seat. */
  advice: Acts;
  /** Fetches an event whole, where the page holds a shortened form. */
  whole(seq: number): Promise<void>;
  earlier(): Promise<void>;
  later(): Promise<void>;
  /** Shows the moment of this event, wherever in the session it lies. */
  show(seq: number): Promise<void>;
  /** Goes to the end and stays there. */
  end(): Promise<void>;
  /** Commits made while it ran. */
  commits(): Promise<SessionCommit[]>;
  rename(label: string): Promise<void>;
  replay: ReplayActs;
  toggleFollow(): void;
}

/** What a reader does to a session that is played again. */
export interface ReplayActs {
  open(): void;
  close(): void;
  toggle(): void;
  speed(times: number): void;
  scrub(seq: number): void;
}

/** For a page that nobody acts on yet: drawn by the server. */
export const still = (store: Store): Desk => ({
  store,
  advice: NO_ACTS,
  whole: async () => {},
  earlier: async () => {},
  later: async () => {},
  show: async () => {},
  end: async () => {},
  commits: async () => [],
  rename: async () => {},
  replay: { open() {}, close() {}, toggle() {}, speed() {}, scrub() {} },
  toggleFollow() {},
});

const Context = createContext<Desk | null>(null);
export const DeskProvider = Context.Provider;

export function useDesk(): Desk {
  const desk = useContext(Context);
  if (!desk) throw new Error("a part of the session page stands outside of it");
  return desk;
}
