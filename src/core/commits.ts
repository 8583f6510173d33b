import type { Db, Tx } from "../db/db.ts";
import { PullQuery, type SessionCommit } from "../wire/pull.ts";
import type { Page } from "../wire/session.ts";
import { visible } from "./access.ts";
import type { Caller } from "./caller.ts";
import { MOST, pageOf, readCursor, type Wish } from "./cursor.ts";
import { input } from "./input.ts";

interface Row {
  repository: string;
  sha: string;
  patch: string | null;
  branch: string | null;
  subject: string;
  additions: number;
  deletions: number;
  files: number;
  at: Date;
  moved_to: string | null;
  sort: string;
}

/** Commits made while a session ran, the first first. The caller has been let into the session. */
export async function ofSession(
  db: Db,
  caller: Caller,
  session: string,
  { limit = MOST, cursor }: Wish = {},
): Promise<Page<SessionCommit>> {
  const [after = null, sha = null] = cursor ? readCursor(cursor, 2) : [];
  const rows = await db.as(
    caller.org,
    (tx) => tx<Row[]>`
      select c.repository, c.sha, c.patch, c.branch, c.subject, c.additions, c.deletions, c.files, c.at, c.moved_to,
        c.at::text as sort
      from session_commits c join projects p on p.id = c.project_id
      where c.session_id = ${session} and ${visible(tx, caller)}
        and (${after}::text is null or (c.at, c.sha) > (${after}::text::timestamptz, ${sha}::text))
      order by c.at, c.sha limit ${limit + 1}`,
  );
  const commitOf = ({ moved_to: movedTo, at, sort: _, ...row }: Row): SessionCommit => ({
    ...row,
    at: at.toISOString(),
    movedTo,
  });
  return pageOf(rows, limit, ({ sort, sha }) => [sort, sha], commitOf);
}

export interface Source {
  id: string;
  project: string;
  name: string;
  title: string | null;
  driver: string | null;
  agent: string;
  model: string | null;
  commits: number;
  by: "commit" | "patch" | "branch";
}

/** Sessions behind a pull request, in projects that let themselves be told of. */
export async function sources(db: Db, caller: Caller, asked: PullQuery): Promise<Source[]> {
  const { repository, shas, patches, branch } = input(PullQuery, asked);
  return db.as(caller.org, async (tx) => {
    const allowed = tx`p.archived_at is null and p.pull_requests and ${visible(tx, caller)}`;
    const found = await tx<Source[]>`
      select s.id, p.slug as project, s.name, s.title, s.driver, s.agent, s.model, count(distinct c.sha)::int as commits,
        case when bool_or(c.sha = any(${shas}::text[])) then 'commit' else 'patch' end as by
      from session_commits c join sessions s on s.id = c.session_id join projects p on p.id = c.project_id
      where c.org_id = ${caller.org} and ${allowed}
        and (c.sha = any(${shas}::text[]) or c.moved_to = any(${shas}::text[])
          or (c.repository = ${repository} and c.patch = any(${patches}::text[])))
      group by s.id, p.slug order by min(c.at) limit 50`;
    if (found.length > 0 || !branch) return [...found];
    return byBranch(tx, caller, { repository, branch }, allowed);
  });
}

/** Squashed elsewhere, nothing of the commits is left: then whoever committed to that branch of the repository. */
async function byBranch(
  tx: Tx,
  caller: Caller,
  { repository, branch }: { repository: string; branch: string },
  allowed: ReturnType<typeof visible>,
): Promise<Source[]> {
  return [
    ...(await tx<Source[]>`
      select s.id, p.slug as project, s.name, s.title, s.driver, s.agent, s.model, count(distinct c.sha)::int as commits,
        'branch' as by
      from session_commits c join sessions s on s.id = c.session_id join projects p on p.id = c.project_id
      where c.org_id = ${caller.org} and ${allowed} and c.repository = ${repository} and c.branch = ${branch}
      group by s.id, p.slug order by min(c.at) limit 50`),
  ];
}
