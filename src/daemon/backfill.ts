import type { Database } from "bun:sqlite";
import { call } from "../machine/api.ts";
import { KnownAnswer } from "../wire/check.ts";
import { PolarisError } from "../wire/error.ts";
import type { Event } from "../wire/event.ts";
import type { Accounts, Place } from "./accounts.ts";
import { isKnown } from "./ids.ts";

/** Which of these the server of a place does not have. Whoever cannot be asked has none of them. */
export type Lacks = (place: Place, project: string, ids: string[]) => Promise<Set<string>>;

/**
 * The journal is asked first and knows most; it forgets what was acknowledged a week ago, so the server is asked about
 * the rest. Without an answer everything counts as new: sent twice is stored once.
 */
export function askServer(accounts: Accounts): Lacks {
  return async (place, project, ids) => {
    const account = accounts.of(place);
    if (!account || ids.length === 0) return new Set(ids);
    try {
      const token = await accounts.bearer(account.name);
      const request = {
        method: "POST",
        path: `/projects/${project}/known`,
        body: JSON.stringify({ ids }),
      } as const;
      return new Set((await call({ url: account.url, token }, request, KnownAnswer)).missing);
    } catch (error) {
      // No such project yet, nobody signed in, nobody there.
      if (error instanceof PolarisError) return new Set(ids);
      throw error;
    }
  };
}

/** Those of the events that are nowhere yet, neither here nor there. */
export async function newsOf(
  db: Database,
  events: Event[],
  lacks: (ids: string[]) => Promise<Set<string>>,
): Promise<Event[]> {
  const fresh = events.filter(({ id }) => !isKnown(db, id));
  if (fresh.length === 0) return [];
  const absent = await lacks([...new Set(fresh.map(({ id }) => id))]);
  return fresh.filter(({ id }) => absent.has(id) && absent.delete(id));
}
