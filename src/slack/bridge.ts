import type { Db } from "../core/database.ts";
import type { Doorbell } from "../core/doorbell.ts";
import type { Feed } from "../core/feed.ts";
import type { Log } from "../lib/log.ts";

export interface BridgeOptions {
  db: Db;
  feed: Feed;
  bell: Doorbell;
  log: Log;
  publicUrl: string;
}
