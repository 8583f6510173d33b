import type { Db } from "../db/db.ts";
import type { Project } from "../wire/session.ts";
import type { SlackPlace } from "../wire/slack.ts";
import { visible } from "./access.ts";
import type { Caller } from "./caller.ts";
import { problemOf } from "./slack.ts";
import { wishesIn } from "./slack-wishes.ts";

interface Row {
  workspace: string;
  channel: string | null;
  name: string | null;
  state: SlackPlace["state"] | null;
  is_linked: boolean | null;
  problem: string | null;
  settings: Record<string, unknown> | null;
}

/** Where a project is seen in Slack, and how; none while no workspace is connected. */
export async function place(db: Db, caller: Caller, project: Project): Promise<SlackPlace | null> {
  const [row] = await db.as(
    caller.org,
    (tx) => tx<Row[]>`
      select i.team_name as workspace, c.channel, c.name, c.state, c.is_linked, c.problem, c.settings
      from projects p
      join slack_installations i on i.org_id = p.org_id and i.removed_at is null
      left join slack_channels c on c.project_id = p.id and c.session_id is null and c.removed_at is null
      where p.id = ${project.id} and ${visible(tx, caller)}`,
  );
  if (!row) return null;
  return {
    workspace: row.workspace,
    channel: row.channel,
    name: row.name ?? project.slug,
    state: row.state ?? "wanted",
    isLinked: row.is_linked ?? false,
    isShared: row.settings?.shared === true,
    problem: problemOf(row.problem, null),
    wishes: wishesIn(row.settings ?? {}),
  };
}
