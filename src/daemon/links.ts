import type { Database } from "bun:sqlite";
import type { Place } from "./accounts.ts";

export interface Linked {
  directory: string;
  project: string;
  at: number;
  profile: string | null;
  org: string | null;
}

/** The longest linked directory that holds `cwd`, or none. */
export function linkOf(db: Database, cwd: string | undefined): Linked | undefined {
  if (!cwd) return undefined;
  return links(db).find(({ directory }) => holds(directory, cwd));
}

/** Longest first. */
export function links(db: Database): Linked[] {
  return db
    .query<Linked, []>(
      "select directory, project, at, profile, org from links order by length(directory) desc",
    )
    .all();
}

/** Linked again under another sign-in, what begins from now on belongs there. */
export function link(db: Database, directory: string, project: string, place: Place): void {
  db.query(
    `insert into links (directory, project, at, profile, org) values (?1, ?2, ?3, ?4, ?5)
     on conflict (directory) do update set project = ?2, at = ?3, profile = ?4, org = ?5
     where project <> ?2 or org is not ?5`,
  ).run(directory, project, Date.now(), place.profile, place.org);
}

export function unlink(db: Database, directory: string): boolean {
  return db.query("delete from links where directory = ?").run(directory).changes > 0;
}

function holds(directory: string, path: string): boolean {
  return path === directory || path.startsWith(directory === "/" ? "/" : `${directory}/`);
}
