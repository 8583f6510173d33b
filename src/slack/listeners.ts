import type { App } from "@slack/bolt";
import type { Db } from "../core/database.ts";
import type { Doorbell } from "../core/doorbell.ts";
import type { Feed } from "../core/feed.ts";
import type { Log } from "../lib/log.ts";

/** What listeners may need of the house they live in. */
export interface Deps {
  db: Db;
  feed: Feed;
  /** Rings after a commit of ours. */
  bell: Doorbell;
  log: Log;
  publicUrl: string;
  /** Tells the sender of this workspace that its outbox has something new. */
  kick(org: string): void;
}

/**
 * What people do in Slack. A listener of an event that throws is called again later with the same event (at most ten
 * times); slash commands, buttons and views are called once and answer through `ack`. `context.teamId` names the
 * workspace, `context.org` the organisation.
 */
export function listeners(_app: App, _deps: Deps): void {}
