import type { Tx } from "../db/db.ts";
import { uuid7 } from "../lib/uuid.ts";

export type ChannelState = "wanted" | "live" | "paused" | "archived" | "gone";

/** A project's (or a session's own) place in Slack. */
export interface Channel {
  id: string;
  project: string;
  session: string | null;
  /** Slack's id; none until the first message is due. */
  channel: string | null;
  name: string;
  state: ChannelState;
  isLinked: boolean;
  problem: string | null;
  settings: Record<string, unknown>;
}

const columns = (tx: Tx) => tx`
  c.id, c.project_id as project, c.session_id as session, c.channel, c.name, c.state, c.is_linked as "isLinked",
  c.problem, c.settings`;

/** The place of a project, or of one session of it, made on first sight; the channel itself is made by its first message. */
export async function placeOf(
  tx: Tx,
  wanted: {
    org: string;
    team: string;
    project: string;
    session?: string | undefined;
    name: string;
  },
): Promise<Channel> {
  const { org, team, project, session, name } = wanted;
  await tx`
    insert into slack_channels (id, org_id, team_id, project_id, session_id, name)
    values (${uuid7()}, ${org}, ${team}, ${project}, ${session ?? null}, ${name}) on conflict do nothing`;
  const [row] = await tx<Channel[]>`
    select ${columns(tx)} from slack_channels c
    where c.project_id = ${project} and c.session_id is not distinct from ${session ?? null}::uuid
      and c.removed_at is null`;
  if (!row) throw new Error("the channel's row was not made");
  return row;
}

/** By Slack's id; none when it is no place of ours. */
export async function byChannel(
  tx: Tx,
  team: string,
  channel: string,
): Promise<Channel | undefined> {
  const [row] = await tx<Channel[]>`
    select ${columns(tx)} from slack_channels c
    where c.team_id = ${team} and c.channel = ${channel} and c.removed_at is null`;
  return row;
}
