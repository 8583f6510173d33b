import type { Db } from "../db/db.ts";
import { note } from "./audit.ts";

/**
 * The workspace is no longer connected: its tokens are forgotten, its channels and posts are remembered, so that
 * connecting it again goes on where it was. What was not sent yet is dropped.
 */
export async function remove(
  db: Db,
  { org, team }: { org: string; team: string },
  { actor, why, address }: { actor: string; why: string; address?: string | undefined },
): Promise<boolean> {
  return db.as(org, async (tx) => {
    const [row] = await tx`
      update slack_installations set removed_at = now(), removed_why = ${why}, token = ''::bytea, refresh_token = null
      where team_id = ${team} and removed_at is null returning id`;
    if (!row) return false;
    await tx`
      update slack_outbox set state = 'dropped', done_at = now(), payload = '{}', error = 'disconnected'
      where org_id = ${org} and team_id = ${team} and state in ('waiting', 'sending')`;
    await note(tx, {
      org,
      actor,
      action: "slack.disconnected",
      target: team,
      detail: { why },
      address,
    });
    return true;
  });
}
