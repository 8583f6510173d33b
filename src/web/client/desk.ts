import { createContext } from "preact";
import { useContext } from "preact/hooks";
import type { Acts } from "./advice/acts.ts";
import type { Store } from "./store.ts";

/** What every part of a session page may read and ask for. The server draws with acts that do nothing. */
export interface Desk {
  store: Store;
  /** Advice into the session, and its driver's seat. */
  advice: Acts;
  /** Fetches an event whole, where the page holds a shortened form. */
  whole(seq: number): Promise<void>;
  earlier(): Promise<void>;
  toggleFollow(): void;
}

const Context = createContext<Desk | null>(null);
export const DeskProvider = Context.Provider;

export function useDesk(): Desk {
  const desk = useContext(Context);
  if (!desk) throw new Error("a part of the session page stands outside of it");
  return desk;
}
