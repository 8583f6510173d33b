import type { Tx } from "../db/db.ts";

/** A message in Slack that became advice: where its receipts go. */
export interface Advice {
  team: string;
  channel: string;
  ts: string;
  /** The thread it was written in, by Slack's ts; null: in the channel itself. */
  thread: string | null;
  slackUser: string;
  injection: string;
  session: string | null;
}

export interface NewAdvice extends Advice {
  org: string;
  project: string;
}

/** Remembers it; false when this message became advice before (Slack told us twice). */
export async function remember(tx: Tx, advice: NewAdvice): Promise<boolean> {
  const rows = await tx`
    insert into slack_advice (org_id, team, channel, ts, thread, slack_user, injection, project_id, session_id)
    values (${advice.org}, ${advice.team}, ${advice.channel}, ${advice.ts}, ${advice.thread}, ${advice.slackUser},
      ${advice.injection}, ${advice.project}, ${advice.session}) on conflict do nothing returning 1`;
  return rows.length > 0;
}

/** It became none after all. */
export async function forget(tx: Tx, org: string, channel: string, ts: string): Promise<void> {
  await tx`delete from slack_advice where org_id = ${org} and channel = ${channel} and ts = ${ts}`;
}

const columns = (tx: Tx) =>
  tx`team, channel, ts, thread, slack_user as "slackUser", injection, session_id as session`;

export async function byInjection(
  tx: Tx,
  org: string,
  injection: string,
): Promise<Advice | undefined> {
  const [row] = await tx<Advice[]>`
    select ${columns(tx)} from slack_advice where org_id = ${org} and injection::text = ${injection}`;
  return row;
}

export async function byMessage(
  tx: Tx,
  org: string,
  channel: string,
  ts: string,
): Promise<(Advice & { project: string }) | undefined> {
  const [row] = await tx<(Advice & { project: string })[]>`
    select ${columns(tx)}, project_id as project from slack_advice
    where org_id = ${org} and channel = ${channel} and ts = ${ts}`;
  return row;
}

/** The key under which a person's message can be answered in its thread, like a post of ours. */
export const keyOf = (channel: string, ts: string): string => `said ${channel} ${ts}`;

export async function place(
  tx: Tx,
  org: string,
  { team, channel, ts, session }: Pick<Advice, "team" | "channel" | "ts" | "session">,
): Promise<string> {
  const key = keyOf(channel, ts);
  await tx`
    insert into slack_posts (org_id, key, team_id, channel, ts, session_id)
    values (${org}, ${key}, ${team}, ${channel}, ${ts}, ${session}) on conflict do nothing`;
  return key;
}
