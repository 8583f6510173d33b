/** The outbox as its sender sees it: what is next, whose turn it is, and how it ended. */
import type { Db, Tx } from "../db/db.ts";
import type { Lease } from "./slack-leases.ts";
import type { Method } from "./slack-outbox.ts";

/** The first open write of a lane, with what it needs to be sent; its payload comes with the claim. */
export interface Head {
  id: number;
  key: string;
  lane: string;
  method: Method;
  /** Our row of the channel, and Slack's id of it when it is there. */
  place: string | null;
  channel: string | null;
  channelName: string | null;
  /** A Slack id instead: a person or a conversation. */
  address: string | null;
  thread: string | null;
  target: string | null;
  project: string | null;
  session: string | null;
  threadTs: string | null;
  targetTs: string | null;
  /** Where the post that this changes stands: not always the project's channel of today. */
  targetChannel: string | null;
  state: "waiting" | "sending";
  fence: number | null;
  attempts: number;
  notBefore: Date;
  claimedAt: Date | null;
  note: Note;
}

/** What a half-done write must remember. */
export interface Note {
  /** Its outcome is unknown: look in Slack before sending again. */
  lookup?: boolean;
  /** When it was sent first, in ms. */
  firstAt?: number;
  /** The uploaded file that has to be put into its channel. */
  file?: string;
  /** Repairs that were made, each once. */
  repaired?: string[];
}

/** Looked at together: of each kind so many, of one channel so many, lest a busy one hide the others. */
const OF_A_KIND = 100;
const OF_ONE = 4;

/**
 * What could be sent next: the first open write of each lane, without those that wait for another one. A crowd of edits
 * (50 a minute) must not stand before posts, nor one channel's posts (one a second) before another's: so they come by
 * turns over channels and kinds. What stands in a channel itself goes before replies: it is little, replies wait for
 * it, and it is where somebody is asked for. Of edits, cards go before the counts of busy hours: where 500 sessions
 * work at once there are twenty times as many as Slack takes, and a card says whether somebody is needed.
 */
export async function heads(db: Db, { org, team }: Lease): Promise<Head[]> {
  const rows = await db.as(
    org,
    (tx) => tx<(Omit<Head, "id" | "fence"> & { id: string; fence: string | null })[]>`
      with heads as (
        select distinct on (lane) id, org_id, team_id, key, lane, method, channel_id, place, thread, target, project_id,
          session_id, state, fence, attempts, not_before, claimed_at, note
        from slack_outbox
        where org_id = ${org} and state in ('waiting', 'sending') order by lane, id
      ), ready as (
        select h.*, c.channel, c.name as channel_name, t.ts as thread_ts, g.ts as target_ts, g.channel as target_channel,
          r.rank, row_number() over (
            partition by h.method, r.rank, coalesce(h.channel_id::text, h.place) order by h.id) as nth
        from heads h
        cross join lateral (select case when h.method = 'update' and h.key like 'digest %' then 2
          when h.thread is not null then 1 else 0 end as rank) r
        left join slack_channels c on c.id = h.channel_id
        left join slack_posts t on t.org_id = h.org_id and t.key = h.thread
          and (h.channel_id is null or t.channel = c.channel)
        left join slack_posts g on g.org_id = h.org_id and g.key = h.target
        where h.team_id = ${team} and (h.channel_id is null or c.state in ('wanted', 'live'))
          and not (t.ts is null and h.thread is not null and exists (select 1 from slack_outbox r
            where r.org_id = h.org_id and r.key = h.thread and r.state in ('waiting', 'sending')))
          and not (g.ts is null and h.target is not null and exists (select 1 from slack_outbox r
            where r.org_id = h.org_id and r.key = h.target and r.state in ('waiting', 'sending')))
      ), turns as (
        select *, row_number() over (partition by method, rank order by nth, id) as turn from ready where nth <= ${OF_ONE}
      )
      select id, key, lane, method, channel_id as place, channel, channel_name as "channelName", place as address, thread,
        target, project_id as project, session_id as session, thread_ts as "threadTs", target_ts as "targetTs",
        target_channel as "targetChannel", state, fence, attempts, not_before as "notBefore",
        claimed_at as "claimedAt", note
      from turns where turn <= ${OF_A_KIND} order by rank, turn, id`,
  );
  return rows.map((row) => ({
    ...row,
    id: Number(row.id),
    fence: row.fence === null ? null : Number(row.fence),
  }));
}

/**
 * Takes a write to send it, unless the lease has gone to somebody else or somebody has taken it. Answers the payload as
 * it is now: edits may have been merged into it a moment ago.
 */
export async function claim(
  db: Db,
  { org, team, holder, fence }: Lease,
  { id, note }: Head,
): Promise<Record<string, unknown> | undefined> {
  const [row] = await db.as(
    org,
    (tx) => tx<{ payload: Record<string, unknown> }[]>`
      update slack_outbox o
      set state = 'sending', fence = ${fence}, claimed_at = now(), attempts = attempts + 1,
        note = ${JSON.stringify({ firstAt: Date.now(), ...note })}::text::jsonb
      where o.id = ${id} and o.state in ('waiting', 'sending')
        and exists (select 1 from slack_leases l where l.team_id = ${team} and l.holder = ${holder}
          and l.fence = ${fence} and l.held_until > now())
      returning o.payload`,
  );
  return row?.payload;
}

export interface Posted {
  channel: string;
  ts: string;
  threadTs?: string | undefined;
}

/** It is in Slack. Its words are not kept here any longer, its place is. */
export async function finish(
  db: Db,
  { org, team, fence }: Lease,
  head: Head,
  { posted, helped }: { posted?: Posted | undefined; helped: boolean },
): Promise<void> {
  await db.as(org, async (tx) => {
    const [row] = await tx`
      update slack_outbox set state = 'done', done_at = now(), payload = '{}', error = null, helped = helped or ${helped}
      where id = ${head.id} and state = 'sending' and fence = ${fence} returning id`;
    if (!row || !posted) return;
    const { key, project, session } = head;
    await write(tx, { org, team, key, project, session, ...posted });
    // The post that should have opened this thread is not there: this one does.
    if (head.thread && !posted.threadTs) {
      await write(tx, { org, team, key: head.thread, project, session, ...posted });
    }
  });
}

const write = (
  tx: Tx,
  at: Posted & {
    org: string;
    team: string;
    key: string;
    project: string | null;
    session: string | null;
  },
) => tx`
  insert into slack_posts (org_id, key, team_id, channel, ts, thread_ts, project_id, session_id)
  values (${at.org}, ${at.key}, ${at.team}, ${at.channel}, ${at.ts}, ${at.threadTs ?? null}, ${at.project},
    ${at.session})
  on conflict (org_id, key) do update set channel = excluded.channel, ts = excluded.ts,
    thread_ts = excluded.thread_ts, posted_at = now()`;

/** Not now: again after `ms`. With `unknown`, Slack may have done it: it stays "sending" and is looked up first. */
export async function later(
  db: Db,
  { org, fence }: Lease,
  head: Head,
  wanted: { ms: number; error: string; note: Note; unknown?: boolean },
): Promise<void> {
  const state = wanted.unknown ? "sending" : "waiting";
  await db.as(
    org,
    (tx) => tx`
      update slack_outbox
      set state = ${state}, not_before = now() + ${Math.ceil(wanted.ms)}::int * interval '1 ms',
        error = ${wanted.error}, note = ${JSON.stringify(wanted.note)}::text::jsonb
      where id = ${head.id} and state = 'sending' and fence = ${fence}`,
  );
}

/**
 * Remembers something of a write that is being sent, and that its next call begins now: who takes the lease over counts
 * from here when that call must have ended. False: somebody else has the write.
 */
export async function remember(db: Db, { org, fence }: Lease, head: Head, note: Note) {
  const rows = await db.as(
    org,
    (tx) => tx`
      update slack_outbox set note = ${JSON.stringify(note)}::text::jsonb, claimed_at = now()
      where id = ${head.id} and state = 'sending' and fence = ${fence} returning id`,
  );
  return rows.length > 0;
}

/** It will never be in Slack; the reason stays visible for a week. */
export async function drop(db: Db, { org, fence }: Lease, head: Head, error: string) {
  await db.as(
    org,
    (tx) => tx`
      update slack_outbox set state = 'dropped', done_at = now(), payload = '{}', error = ${error}
      where id = ${head.id} and (state = 'waiting' or (state = 'sending' and fence = ${fence}))`,
  );
}

/** The thread is gone in Slack: what comes next opens a new one. */
export async function forgetPost(db: Db, org: string, key: string): Promise<void> {
  await db.as(org, (tx) => tx`delete from slack_posts where org_id = ${org} and key = ${key}`);
}

/** Long over: keys need not be remembered, because the cursor has moved past what made them. */
export async function sweep(db: Db, org: string): Promise<void> {
  await db.as(org, async (tx) => {
    await tx`
      delete from slack_outbox
      where org_id = ${org} and state in ('done', 'dropped') and done_at < now() - interval '7 days'`;
    await tx`
      delete from slack_hours
      where org_id = ${org} and imported is null and hour < now() - interval '1 day'`;
  });
}
