/** What happens in Slack to our app and to our channels. The id of a channel is the truth; what it is called may change. */
import type { App } from "@slack/bolt";
import { z } from "zod";
import * as channels from "../core/slack-channels.ts";
import { remove } from "../core/slack-removal.ts";
import { orgOf } from "../core/slack-workspaces.ts";
import type { Deps } from "./listeners.ts";

const Moved = z.object({ old_channel_id: z.string(), new_channel_id: z.string() });

export function lifecycle(app: App, { db, log, kick }: Deps): void {
  const tell = async (
    team: string | undefined,
    channel: string,
    to: Parameters<typeof channels.changed>[2],
  ): Promise<void> => {
    const org = team ? await orgOf(db, team) : undefined;
    if (!org || !team) return;
    const isOurs = await channels.changed(db, { org, team, channel }, to);
    if (!isOurs) return;
    log.info("slack.channel_changed", { team, channel, state: to.state });
    kick(org);
  };

  // Both come, in either order; the second finds nothing to do.
  for (const name of ["app_uninstalled", "tokens_revoked"] as const) {
    app.event(name, async ({ event, body }) => {
      if (event.type === "tokens_revoked" && !event.tokens.bot?.length) return;
      const org = await orgOf(db, body.team_id);
      if (!org) return;
      const why = name === "app_uninstalled" ? "uninstalled in Slack" : "revoked in Slack";
      await remove(db, { org, team: body.team_id }, { actor: "slack:admin", why });
    });
  }

  for (const name of ["channel_rename", "group_rename"] as const) {
    app.event(name, async ({ event, context }) => {
      await tell(context.teamId, event.channel.id, { name: event.channel.name });
    });
  }
  for (const name of ["channel_archive", "group_archive"] as const) {
    app.event(name, async ({ event, context }) => {
      await tell(context.teamId, event.channel, { state: "archived", problem: "is_archived" });
    });
  }
  for (const name of ["channel_unarchive", "group_unarchive"] as const) {
    app.event(name, async ({ event, context }) => {
      await tell(context.teamId, event.channel, { state: "live", problem: null });
    });
  }
  for (const name of ["channel_deleted", "group_deleted"] as const) {
    app.event(name, async ({ event, context }) => {
      await tell(context.teamId, event.channel, { state: "gone", problem: "channel_deleted" });
    });
  }
  app.event("channel_id_changed", async ({ event, context }) => {
    const { old_channel_id, new_channel_id } = Moved.parse(event);
    await tell(context.teamId, old_channel_id, { channel: new_channel_id });
  });
  // Somebody sent us out: a public channel is entered once more, a private one only by being asked.
  app.event("member_left_channel", async ({ event, client, context }) => {
    if (event.user !== context.botUserId) return;
    try {
      await client.conversations.join({ channel: event.channel });
    } catch {
      await tell(context.teamId, event.channel, { state: "paused", problem: "not_in_channel" });
    }
  });
  app.event("member_joined_channel", async ({ event, context }) => {
    if (event.user !== context.botUserId) return;
    await tell(context.teamId, event.channel, { state: "live", problem: null });
  });
}
