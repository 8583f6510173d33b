import type { Db } from "../db/db.ts";

/** Where people write to us, and the newest of it that we know. */
export interface Place {
  channel: string;
  /** Slack's ts: what is newer was missed. */
  since: string;
  /** The threads of sessions that are not over; their replies are in no channel's history. */
  threads: string[];
}

/** Threads that are looked into after we were deaf: those of the sessions last active. */
const THREADS = 100;

export async function places(db: Db, { org, team }: { org: string; team: string }) {
  return db.as(
    org,
    (tx) => tx<Place[]>`
      select c.channel, coalesce(c.heard_ts, extract(epoch from c.created_at)::text) as since,
        coalesce((
          select jsonb_agg(t.ts) from (
            select p.ts from slack_posts p join sessions s on s.id = p.session_id
            where p.org_id = ${org} and p.channel = c.channel and p.thread_ts is null
              and s.ended_at is null and s.last_event_at > now() - interval '1 day'
            order by s.last_event_at desc limit ${THREADS}
          ) t), '[]') as threads
      from slack_channels c
      where c.org_id = ${org} and c.team_id = ${team} and c.channel is not null and c.state = 'live'
        and c.removed_at is null`,
  );
}
