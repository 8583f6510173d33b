import type { Doorbell } from "../core/doorbell.ts";
import type { Feed } from "../core/feed.ts";
import type { startIngest } from "../core/ingest.ts";
import type { Tokens } from "../core/tokens.ts";
import type { Db } from "../db/db.ts";
import type { Log } from "../lib/log.ts";
import type { Assets } from "../web/assets.ts";

/** What every route may need; made once in `startServer`. */
export interface House {
  db: Db;
  feed: Feed;
  bell: Doorbell;
  tokens: Tokens;
  ingest: ReturnType<typeof startIngest>;
  assets: Assets;
  log: Log;
  /** The address people use, without a slash at the end. */
  publicUrl: string;
  version: string;
  /** Fires when the server begins to stop: streams end, readiness says no. */
  stopping: AbortSignal;
}
