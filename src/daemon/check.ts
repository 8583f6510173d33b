import type { Database } from "bun:sqlite";
import type { Guard } from "../machine/guard/guard.ts";
import { Unchecked } from "../machine/guard/unchecked.ts";
import type { Event } from "../wire/event.ts";

/** The event without its secrets, or nothing when that is not sure: then it is noted, and must not be written down. */
export type Check = (event: Event) => Event | undefined;

/** Where an event's content can be read again. Of an unchecked one nothing else is kept. */
export interface Origin {
  agent_session: string;
  /** A transcript, or a hook call kept aside. */
  path: string;
  inode?: string | null;
  /** The first byte of its line, and what its reader knew before it. */
  offset?: number;
  memory?: string;
}

export interface Unsure {
  event: Event;
  reason: string;
}

/** Cleans an event; what cannot be cleaned goes into `unsure`. */
export function checker(guard: Guard, folder: string | null, unsure: Unsure[]): Check {
  return (event) => {
    try {
      return guard.clean(event, folder);
    } catch (error) {
      if (!(error instanceof Unchecked)) throw error;
      unsure.push({ event, reason: error.message });
      return undefined;
    }
  };
}

/** Notes what could not be checked, once per event. Runs inside `journal.write`. */
export function note(db: Database, guard: Guard, origin: Origin, unsure: readonly Unsure[]): void {
  const insert = db.query(
    `insert into unchecked (event, kind, agent_session, reason, mark, at, path, inode, offset, memory)
     values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
     on conflict (event) do update set reason = excluded.reason, mark = excluded.mark, path = excluded.path,
       inode = excluded.inode, offset = excluded.offset, memory = excluded.memory`,
  );
  const { agent_session, path, inode = null, offset = null, memory = null } = origin;
  for (const { event, reason } of unsure) {
    insert.run(
      event.id.toLowerCase(),
      event.kind,
      agent_session,
      reason,
      guard.mark,
      Date.now(),
      path,
      inode,
      offset,
      memory,
    );
  }
}
