import type { Db } from "../../core/database.ts";
import { idleChannels } from "../../core/slack-channels.ts";
import { enqueue } from "../../core/slack-outbox.ts";

/** Archives channels of single sessions that are over or have been silent for a day. Answers whether there were any. */
export async function archiveIdle(
  db: Db,
  { org, team }: { org: string; team: string },
): Promise<boolean> {
  return db.as(org, async (tx) => {
    const channels = await idleChannels(tx, org, team);
    for (const { id, project, session } of channels) {
      const to = { channel: id };
      const key = `archive ${id}`;
      const about = { org, team, project, ...(session ? { session } : {}) };
      await enqueue(tx, { ...about, to, key, method: "archive", payload: {} });
    }
    return channels.length > 0;
  });
}
