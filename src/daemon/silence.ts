import type { Database } from "bun:sqlite";

/** Whether the whole machine is off the record, and since when. What begins meanwhile is too. */
export const silentSince = (db: Database): number | undefined =>
  db.query<{ at: number }, []>("select at from silence limit 1").get()?.at;

export const isSilent = (db: Database): boolean => silentSince(db) !== undefined;

export function silence(db: Database): void {
  if (!isSilent(db)) db.query("insert into silence values (?)").run(Date.now());
}

export const speak = (db: Database): void => void db.query("delete from silence").run();
