import type { Database } from "bun:sqlite";
import { join, relative } from "node:path";
import type { Repository } from "../machine/git.ts";
import type { Place } from "./accounts.ts";

export interface Linked {
  directory: string;
  project: string;
  at: number;
  profile: string | null;
  org: string | null;
  /** Where the repository comes from: its other clones and worktrees are linked with it. */
  remote: string | null;
  /** The linked directory's place in its repository. */
  within: string;
}

/** Finds the repository that holds a directory. */
export type Repositories = (directory: string) => Repository | undefined;

/** The longest linked directory that holds `cwd`; else the link of the repository that `cwd` is another copy of. */
export function linkOf(
  db: Database,
  cwd: string | undefined,
  repository: Repositories,
): Linked | undefined {
  if (!cwd) return undefined;
  const all = links(db);
  const here = all.find(({ directory }) => holds(directory, cwd));
  if (here || all.every(({ remote }) => remote === null)) return here;
  const found = repository(cwd);
  if (!found?.remote) return undefined;
  return all
    .filter(({ remote }) => remote === found.remote)
    .sort((a, b) => b.within.length - a.within.length)
    .find(({ within }) => holds(join(found.root, within), cwd));
}

/** Longest first. */
export function links(db: Database): Linked[] {
  return db
    .query<Linked, []>(
      `select directory, project, at, profile, org, remote, within from links
       order by length(directory) desc`,
    )
    .all();
}

/** What `link` and `unlink` mean by a directory. */
export interface Spot {
  directory: string;
  remote: string | null;
  within: string;
}

export function spotOf(directory: string, repository: Repository | undefined): Spot {
  if (!repository?.remote) return { directory, remote: null, within: "" };
  return {
    directory,
    remote: repository.remote,
    within: relative(repository.root, directory),
  };
}

/** Linked again under another sign-in, what begins from now on belongs there. */
export function link(db: Database, spot: Spot, project: string, place: Place): void {
  db.query(
    `insert into links (directory, project, at, profile, org, remote, within) values (?1, ?2, ?3, ?4, ?5, ?6, ?7)
     on conflict (directory) do update set project = ?2, at = ?3, profile = ?4, org = ?5, remote = ?6, within = ?7
     where project <> ?2 or org is not ?5 or remote is not ?6`,
  ).run(spot.directory, project, Date.now(), place.profile, place.org, spot.remote, spot.within);
}

/** The directory's own link, else the one it has as a copy of the same repository. */
export function unlink(db: Database, { directory, remote, within }: Spot): boolean {
  const own = db.query("delete from links where directory = ?").run(directory).changes > 0;
  if (own || remote === null) return own;
  return (
    db.query("delete from links where remote = ? and within = ?").run(remote, within).changes > 0
  );
}

function holds(directory: string, path: string): boolean {
  const folder = directory.replace(/\/+$/, "");
  return path === directory || path.startsWith(`${folder}/`);
}
