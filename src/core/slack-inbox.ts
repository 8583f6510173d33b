/**
 * What Slack tells us, kept before Slack gets its receipt: Slack forgets an event that was acknowledged, and we might
 * fall over right then. Whoever received it handles it; what is not done a minute later is taken up by whichever bridge
 * comes by.
 */
import type { Db } from "../db/db.ts";
import { asBridge } from "./slack-workspaces.ts";

export interface Delivered {
  id: string;
  org: string;
  clientId: string;
  team: string;
  /** The conversation it belongs to: such events are handled one after the other. */
  place: string;
  /** Of what somebody wrote: where and when. */
  message?: { channel: string; ts: string } | undefined;
  body: Record<string, unknown>;
}

/** An event that failed this often is given up, and kept with its error for a week. */
const MOST = 10;
const CLAIM_MS = 60_000;

export async function accept(db: Db, it: Delivered): Promise<"new" | "known"> {
  const { channel, ts } = it.message ?? {};
  const message = it.message ? `${it.team} ${channel} ${ts}` : null;
  return db.as(it.org, async (tx) => {
    const rows = await tx`
      insert into slack_inbox (event_id, org_id, client_id, team_id, place, message, body, claimed_until)
      values (${it.id}, ${it.org}, ${it.clientId}, ${it.team}, ${it.place}, ${message},
        ${JSON.stringify(it.body)}::text::jsonb, now() + ${CLAIM_MS}::int * interval '1 ms')
      on conflict do nothing returning 1`;
    if (it.message) {
      await tx`
        update slack_channels set heard_ts = ${ts ?? ""}
        where team_id = ${it.team} and channel = ${channel ?? ""} and removed_at is null
          and (heard_ts is null or heard_ts < ${ts ?? ""})`;
    }
    return rows.length > 0 ? "new" : "known";
  });
}

export async function done(db: Db, { org, id }: Delivered): Promise<void> {
  await db.as(
    org,
    (tx) => tx`
      update slack_inbox set done_at = now(), body = null where event_id = ${id} and done_at is null`,
  );
}

/** It comes again: after 1 s, 2, 4 … */
export async function failed(db: Db, { org, id }: Delivered, error: string): Promise<void> {
  await db.as(
    org,
    (tx) => tx`
      update slack_inbox set attempts = attempts + 1, error = ${error},
        claimed_until = now() + least(60, power(2, attempts)) * interval '1 s',
        done_at = case when attempts + 1 >= ${MOST} then now() end,
        body = case when attempts + 1 >= ${MOST} then null else body end
      where event_id = ${id} and done_at is null`,
  );
}

/** What nobody has finished, the oldest first; ours for the next minute. */
export async function takeUp(db: Db, clientIds: string[]): Promise<Delivered[]> {
  if (clientIds.length === 0) return [];
  return asBridge(
    db,
    (tx) => tx<Delivered[]>`
      with open as (
        select event_id from slack_inbox
        where done_at is null and claimed_until < now() and client_id = any(${tx.array(clientIds, "TEXT")})
        order by received_at limit 50 for update skip locked
      ), taken as (
        update slack_inbox i set claimed_until = now() + ${CLAIM_MS}::int * interval '1 ms'
        from open where i.event_id = open.event_id returning i.*
      )
      select event_id as id, org_id as org, client_id as "clientId", team_id as team, place, body
      from taken order by received_at`,
  );
}

/** Slack repeats an event for an hour at most (a day with delayed events): a week is plenty. */
export async function forget(db: Db): Promise<void> {
  await asBridge(db, (tx) => tx`delete from slack_inbox where done_at < now() - interval '7 days'`);
}
