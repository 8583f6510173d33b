import type { Db, Tx } from "../db/db.ts";
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

/**
 * Channels of sessions that ended an hour ago, or in which nothing was said for a day, and that were not told to be
 * archived yet. An hour, because sessions are often taken up again.
 */
export async function idleChannels(tx: Tx, org: string, team: string): Promise<Channel[]> {
  return await tx<Channel[]>`
    select ${columns(tx)} from slack_channels c join sessions s on s.id = c.session_id
    where c.org_id = ${org} and c.team_id = ${team} and c.state = 'live' and c.removed_at is null
      and (s.ended_at < now() - interval '1 hour'
        or coalesce(s.last_event_at, c.created_at) < now() - interval '1 day')
      and not exists (
        select from slack_outbox o where o.org_id = ${org} and o.key = 'archive ' || c.id::text)`;
}

/** The place is given up: the next message makes another one. */
export async function retire(tx: Tx, id: string): Promise<void> {
  await tx`update slack_channels set removed_at = now() where id = ${id}`;
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

/** Slack's id of a place, if it has one by now. */
export async function made(tx: Tx, id: string): Promise<string | undefined> {
  const [row] = await tx<{ channel: string | null }[]>`
    select channel from slack_channels where id = ${id}`;
  return row?.channel ?? undefined;
}

/** Slack has it now, under this id and name. */
export async function settle(
  db: Db,
  { org, id }: { org: string; id: string },
  at: { channel: string; name: string; isPrivate: boolean },
): Promise<void> {
  await db.as(
    org,
    (tx) => tx`
      update slack_channels set channel = ${at.channel}, name = ${at.name}, is_private = ${at.isPrivate},
        state = 'live', problem = null, problem_at = null where id = ${id}`,
  );
}

/** Nothing is sent there until it is mended; `problem` is Slack's word for it. */
export async function stop(
  db: Db,
  { org, id }: { org: string; id: string },
  { state, problem }: { state: "paused" | "archived" | "gone"; problem: string },
): Promise<void> {
  await db.as(
    org,
    (tx) => tx`
      update slack_channels set state = ${state}, problem = ${problem}, problem_at = now(),
        channel = case when ${state} = 'gone' then null else channel end where id = ${id}`,
  );
}

/** We put it away ourselves: nothing is wrong with it. */
export async function settleArchived(db: Db, { org, id }: { org: string; id: string }) {
  await db.as(
    org,
    (tx) => tx`update slack_channels set state = 'archived', problem = null where id = ${id}`,
  );
}

/** Whether people of another company are in the channel, by Slack Connect: whoever looks at its settings is told. */
export async function noteShared(tx: Tx, id: string, isShared: boolean): Promise<void> {
  await tx`
    update slack_channels set settings = case when ${isShared} then settings || '{"shared": true}'
      else settings - 'shared' end where id = ${id} and (settings ? 'shared') <> ${isShared}`;
}

/** What Slack says about a channel of ours; nothing happens for any other channel. */
export async function changed(
  db: Db,
  { org, team, channel }: { org: string; team: string; channel: string },
  to: { name?: string; channel?: string; state?: ChannelState; problem?: string | null },
): Promise<boolean> {
  return db.as(org, async (tx) => {
    const found = await byChannel(tx, team, channel);
    if (!found) return false;
    const next = {
      name: to.name ?? found.name,
      channel: to.state === "gone" ? null : (to.channel ?? channel),
      state: to.state ?? found.state,
      problem: to.problem === undefined ? found.problem : to.problem,
    };
    await tx`
      update slack_channels set name = ${next.name}, channel = ${next.channel}, state = ${next.state},
        problem = ${next.problem}, problem_at = case when ${next.problem}::text is null then null else now() end
      where id = ${found.id}`;
    return true;
  });
}
