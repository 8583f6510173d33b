import type { App } from "@slack/bolt";
import { z } from "zod";
import type { Db } from "../core/database.ts";
import type { Doorbell } from "../core/doorbell.ts";
import type { Feed } from "../core/feed.ts";
import type { SealKeys } from "../core/seal.ts";
import * as people from "../core/slack-people.ts";
import type { Log } from "../lib/log.ts";
import { buttons, spotOf } from "./inbound/buttons.ts";
import { command } from "./inbound/command.ts";
import { home } from "./inbound/home.ts";
import { heard } from "./inbound/message.ts";
import { knownOf, Member } from "./inbound/people.ts";

/** What listeners may need of the house they live in. */
export interface Deps {
  db: Db;
  feed: Feed;
  /** Rings after a commit of ours. */
  bell: Doorbell;
  log: Log;
  /** What opens the stored tokens, and where Slack is: a command may link a channel. */
  keys: SealKeys;
  apiUrl: string;
  publicUrl: string;
  /** Tells the sender of this workspace that its outbox has something new. */
  kick(org: string): void;
}

const Opened = z.object({ user: z.string(), tab: z.string().default("home") });
const Wrapped = z.object({ is_ext_shared_channel: z.boolean().optional() });
const About = z.object({ user: Member });

/**
 * What people do in Slack. A listener of an event that throws is called again later with the same event (at most ten
 * times); slash commands, buttons and views are called once and answer through `ack`. `context.teamId` names the
 * workspace, `context.org` the organisation.
 */
export function listeners(app: App, deps: Deps): void {
  // A mention comes as `message` too: one of the two is enough.
  app.event("message", async ({ event, body, context, client }) => {
    const { org, team } = spotOf(context, "");
    const [botUser, botId] = [context.botUserId ?? "", context.botId ?? ""];
    const { is_ext_shared_channel: isShared } = Wrapped.parse(body);
    await heard(deps, client, { org, team, botUser, botId, isShared }, event);
  });

  app.event("app_home_opened", async ({ event, context, client }) => {
    const { user, tab } = Opened.parse(event);
    if (tab === "home") await home(deps, client, spotOf(context, user));
  });

  for (const name of ["team_join", "user_change"] as const) {
    app.event(name, async ({ event, context }) => {
      const { user } = About.parse(event);
      const { org, team } = spotOf(context, user.id);
      await deps.db.as(org, (tx) => people.learn(tx, org, team, [knownOf(user, team)]));
    });
  }

  buttons(app, deps);
  command(app, deps);
}
