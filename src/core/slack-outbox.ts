import type { Tx } from "../db/db.ts";

/** Where a write goes: the channel of a project or session (`slack_channels.id`), or a Slack id (U…: their own messages). */
export type To = { channel: string } | { id: string };

export const METHODS = [
  "post",
  "update",
  "react",
  "unreact",
  "ephemeral",
  "upload",
  "topic",
  "archive",
] as const;
export type Method = (typeof METHODS)[number];

/**
 * One write to Slack. `payload` holds the arguments of Slack's own method beside channel, thread and ts:
 *
 * | method | payload |
 * |---|---|
 * | post | chat.postMessage: text, blocks, username, icon_url, icon_emoji, reply_broadcast … |
 * | update | chat.update: text, blocks (`target` required) |
 * | react, unreact | `{ name }` (`target` required) |
 * | ephemeral | chat.postEphemeral: `{ user, text, blocks }`; sent at most once |
 * | upload | `{ filename, content, title, snippet_type?, initial_comment? }`: a file in the thread |
 * | topic | `{ topic }` |
 * | archive | `{}` |
 */
export interface Write {
  org: string;
  team: string;
  to: To;
  /** Asked for twice is asked for once. A post is found under it afterwards (`slack_posts`). */
  key: string;
  method: Method;
  payload: Record<string, unknown>;
  /** The key of the post in whose thread this stands; it waits until that post has its place. */
  thread?: string | undefined;
  /** The key of the post that is changed or reacted to; or, for messages of people, their Slack ts. */
  target?: string | { ts: string } | undefined;
  /** Of several that wait under the same word only the newest is sent: edits of one card. */
  merge?: string | undefined;
  project?: string | undefined;
  session?: string | undefined;
}

/**
 * Puts a write into the outbox, in the caller's transaction: it exists when that commits. Posts of one channel and
 * thread go out in this order; edits and reactions wait for their target only.
 */
export async function enqueue(tx: Tx, write: Write): Promise<void> {
  const { org, team, key, method, thread, merge } = write;
  const channel = "channel" in write.to ? write.to.channel : null;
  const place = "id" in write.to ? write.to.id : null;
  const target = typeof write.target === "string" ? write.target : null;
  const ts: { ts?: string } = typeof write.target === "object" ? { ts: write.target.ts } : {};
  const payload = JSON.stringify({ ...write.payload, ...ts });
  if (merge) {
    const [waiting] = await tx`
      update slack_outbox set payload = ${payload}::text::jsonb
      where org_id = ${org} and merge = ${merge} and state = 'waiting' returning id`;
    if (waiting) return;
  }
  const base = channel ?? place ?? "";
  const lane = ["post", "upload", "ephemeral"].includes(method)
    ? `${base}/${thread ?? ""}`
    : `${base}#${target ?? ts.ts ?? write.payload.ts ?? method}`;
  await tx`
    insert into slack_outbox (org_id, team_id, key, lane, channel_id, place, method, thread, target, merge, payload,
      project_id, session_id)
    values (${org}, ${team}, ${key}, ${lane}, ${channel}, ${place}, ${method}, ${thread ?? null}, ${target},
      ${merge ?? null}, ${payload}::text::jsonb, ${write.project ?? null}, ${write.session ?? null})
    on conflict (org_id, key) do nothing`;
}

/** Whether it was asked for before, sent or not. */
export async function wasAsked(tx: Tx, org: string, key: string): Promise<boolean> {
  const rows = await tx`select 1 from slack_outbox where org_id = ${org} and key = ${key}`;
  return rows.length > 0;
}
