/** What stands still in Slack until a person mends it: for whoever looks at the dashboard. */
import type { Db, Tx } from "../db/db.ts";
import type { Trouble } from "../wire/team.ts";
import { isMember } from "./access.ts";
import { type Caller, mayAdmin } from "./caller.ts";
import { actsOf, deafness, remedyOf } from "./slack-remedies.ts";

interface Row {
  project: string | null;
  word: string;
  detail: string | null;
  state: string;
}

/**
 * The workspace, when Slack refuses us there, else the projects of which a channel takes nothing. As the team's page
 * does, it leaves out private projects that one does not belong to.
 */
export async function troubles(tx: Tx, caller: Caller, project?: string): Promise<Trouble[]> {
  const rows = await tx<Row[]>`
    (select null as project, i.problem as word, i.problem_detail as detail, 'refused' as state
      from slack_installations i
      where i.org_id = ${caller.org} and i.removed_at is null and i.state = 'paused' and i.problem is not null)
    union all
    (select null, i.settings->>'deaf', null, 'deaf' from slack_installations i
      where i.org_id = ${caller.org} and i.removed_at is null and i.state = 'live'
        and i.settings->>'deaf' is not null)
    union all
    (select distinct on (p.slug) p.slug, c.problem, null, c.state
      from slack_channels c join projects p on p.id = c.project_id
      where c.org_id = ${caller.org} and c.removed_at is null and c.problem is not null
        and c.state in ('paused', 'archived', 'gone') and p.archived_at is null
        and (p.visibility = 'org' or ${isMember(tx, caller)})
        ${project ? tx`and p.id = ${project}` : tx``}
      order by p.slug, c.session_id nulls first limit 20)`;
  const mayMend = mayAdmin(caller);
  // While the workspace waits, so do all its channels: one remedy at a time.
  const whole = rows.filter((row) => row.state === "refused");
  return (whole.length > 0 ? whole : rows).map((row) => ({
    project: row.project,
    detail: row.detail,
    ...(row.state === "deaf" ? deafness(row.word) : remedyOf(row.word)),
    acts: mayMend ? actsOf(row.word, row.state) : [],
  }));
}

/** The same for a page of one project. */
export const troublesOf = (db: Db, caller: Caller, project: string): Promise<Trouble[]> =>
  db.as(caller.org, (tx) => troubles(tx, caller, project));
