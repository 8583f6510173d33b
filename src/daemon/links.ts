import type { Database } from "bun:sqlite";

export interface Linked {
  directory: string;
  project: string;
  at: number;
}

/** The longest linked directory that holds `cwd`, or none. */
export function linkOf(db: Database, cwd: string | undefined): Linked | undefined {
  if (!cwd) return undefined;
  return links(db).find(({ directory }) => holds(directory, cwd));
}

/** Longest first. */
export function links(db: Database): Linked[] {
  return db
    .query<Linked, []>("select directory, project, at from links order by length(directory) desc")
    .all();
}

export function link(db: Database, directory: string, project: string): void {
  db.query(
    `insert into links (directory, project, at) values (?1, ?2, ?3)
     on conflict (directory) do update set project = ?2, at = ?3 where project <> ?2`,
  ).run(directory, project, Date.now());
}

export function unlink(db: Database, directory: string): boolean {
  return db.query("delete from links where directory = ?").run(directory).changes > 0;
}

function holds(directory: string, path: string): boolean {
  return path === directory || path.startsWith(directory === "/" ? "/" : `${directory}/`);
}
