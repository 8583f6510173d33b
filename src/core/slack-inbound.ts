import type { Tx } from "../db/db.ts";
import type { State } from "../wire/session.ts";
import { visible } from "./access.ts";
import type { Reach } from "./slack-people.ts";

/** A session somebody in Slack may mean. */
export interface Meant {
  id: string;
  name: string;
  label: string | null;
  driver: string | null;
  agent: string;
  state: State;
  project: string;
  slug: string;
  lastPrompt: string | null;
}

const columns = (tx: Tx) => tx`
  s.id, s.name, coalesce(s.label, s.title) as label, s.driver, s.agent, s.state, s.project_id as project, p.slug,
  s.last_prompt as "lastPrompt"`;

/** What somebody in Slack may hear of, as a condition on `projects p`. */
const within = (tx: Tx, { caller, only }: Reach) => tx`
  ${visible(tx, caller)} and p.archived_at is null ${only === undefined ? tx`` : tx`and p.id = ${only}`}`;

/** What a session must have done to be offered: not ended, and something within half a day. */
const live = (tx: Tx) => tx`
  s.ended_at is null and coalesce(s.last_event_at, s.created_at) > now() - interval '12 hours'`;

/** Live sessions of one project, or of all the caller sees; the last active first. */
export async function liveSessions(
  tx: Tx,
  who: Reach,
  { project, limit = 25 }: { project?: string | undefined; limit?: number } = {},
): Promise<Meant[]> {
  return await tx<Meant[]>`
    select ${columns(tx)} from sessions s join projects p on p.id = s.project_id
    where ${within(tx, who)} and ${live(tx)}
      ${project ? tx`and p.id = ${project}` : tx``}
    order by coalesce(s.last_event_at, s.created_at) desc limit ${limit}`;
}

/** By name in this project, else in any the caller sees when it means one session only. */
export async function sessionNamed(
  tx: Tx,
  who: Reach,
  name: string,
  project?: string | undefined,
): Promise<Meant | undefined> {
  const rows = await tx<Meant[]>`
    select ${columns(tx)} from sessions s join projects p on p.id = s.project_id
    where ${within(tx, who)} and (s.name = ${name} or s.id::text = ${name})
    order by p.id = ${project ?? null}::uuid desc nulls last, s.created_at desc limit 2`;
  const [first, second] = rows;
  if (first && (!second || first.project === project)) return first;
  return undefined;
}

export async function sessionById(tx: Tx, who: Reach, id: string): Promise<Meant | undefined> {
  const [row] = await tx<Meant[]>`
    select ${columns(tx)} from sessions s join projects p on p.id = s.project_id
    where ${within(tx, who)} and s.id::text = ${id}`;
  return row;
}

/** The session whose thread this is: begun by a post of ours, or by somebody's message that became advice. */
export async function sessionOfThread(
  tx: Tx,
  org: string,
  channel: string,
  ts: string,
): Promise<string | undefined> {
  const [row] = await tx<{ session: string | null }[]>`
    select session_id as session from slack_posts
    where org_id = ${org} and channel = ${channel} and ts = ${ts} and session_id is not null limit 1`;
  return row?.session ?? undefined;
}

export async function slugOf(tx: Tx, project: string): Promise<string | undefined> {
  const [row] = await tx<{ slug: string }[]>`
    select slug from projects where id = ${project} and archived_at is null`;
  return row?.slug;
}

/** What the project wishes over what its organisation wishes, as the workspace keeps it. */
export async function settingsOf(
  tx: Tx,
  org: string,
  project: string,
): Promise<Record<string, unknown>> {
  const [row] = await tx<
    { theirs: Record<string, unknown>; own: Record<string, unknown> | null }[]
  >`
    select i.settings as theirs, c.settings as own from slack_installations i
    left join slack_channels c on c.project_id = ${project} and c.session_id is null and c.removed_at is null
    where i.org_id = ${org} and i.removed_at is null`;
  return { ...row?.theirs, ...row?.own };
}

/** Follows or stops following; true: follows now. */
export async function toggleFollow(
  tx: Tx,
  wanted: { org: string; session: string; team: string; slackUser: string },
): Promise<boolean> {
  const { org, session, team, slackUser } = wanted;
  const gone = await tx`
    delete from slack_follows
    where session_id = ${session} and team = ${team} and slack_user = ${slackUser} returning 1`;
  if (gone.length > 0) return false;
  await tx`
    insert into slack_follows (org_id, session_id, team, slack_user)
    values (${org}, ${session}, ${team}, ${slackUser})`;
  return true;
}

/** What waits for somebody: sessions that need a human and that they drive or follow. */
export async function waitingFor(tx: Tx, who: Reach, slackUser: string): Promise<Meant[]> {
  return await tx<Meant[]>`
    select ${columns(tx)} from sessions s join projects p on p.id = s.project_id
    where ${within(tx, who)} and s.state = 'needs_human'
      and (s.driver = ${who.caller.participant}
        or exists (select from slack_follows f where f.session_id = s.id and f.slack_user = ${slackUser}))
    order by s.last_event_at desc nulls last limit 20`;
}
