import { createContext } from "preact";
import { useContext } from "preact/hooks";
import type { TeamStore } from "./store.ts";

const Context = createContext<TeamStore | null>(null);
export const TeamProvider = Context.Provider;

export function useTeam(): TeamStore {
  const store = useContext(Context);
  if (!store) throw new Error("a part of the team's page stands outside of it");
  return store;
}
