import type { SignUp } from "../core/arrive.ts";
import type { Doorbell } from "../core/doorbell.ts";
import type { Feed } from "../core/feed.ts";
import type { Identify } from "../core/identify.ts";
import type { startIngest } from "../core/ingest.ts";
import type { Lineup } from "../core/lineup.ts";
import type { Listeners } from "../core/listeners.ts";
import type { Sender } from "../core/sender.ts";
import type { ShareWatch } from "../core/share-watch.ts";
import type { SlackSettings } from "../core/slack-apps.ts";
import type { Watch } from "../core/watch.ts";
import type { Db } from "../db/db.ts";
import type { Log } from "../lib/log.ts";
import type { Seal } from "../lib/seal.ts";
import type { Assets } from "../web/assets.ts";
import type { Proxies } from "./address.ts";
import type { Keys } from "./keys.ts";
import type { Limits } from "./limits.ts";
import type { Mail } from "./mail.ts";
import type { Metrics, MetricsDoor } from "./metrics.ts";
import type { Provider } from "./oidc.ts";
import type { Tokens } from "./tokens.ts";

/** What every route may need; made once in `startServer`. */
export interface House {
  db: Db;
  feed: Feed;
  bell: Doorbell;
  identify: Identify;
  /** Makes and checks machines' access tokens. */
  tokens: Tokens;
  /** Proxies whose X-Forwarded-* headers are believed. */
  proxies: Proxies;
  /** Where a request came from, proxies of ours left out. */
  addressOf(request: Request): string | undefined;
  /** Whether the browser speaks https, with us or with a proxy of ours. */
  isSecure(request: Request): boolean;
  limits: Limits;
  /** What the server's own machine shows (`polaris serve --claim`); none: that door is shut. */
  localKey: string | undefined;
  /** Whom people sign in with; none: one-time links only. */
  providers: readonly Provider[];
  /** Who may make an organisation without being asked in. */
  signUp: SignUp;
  /** Absent: invitations are links to copy. */
  mail: Mail | undefined;
  /** Where Slack is, and the server's own Slack app. */
  slack: { settings: SlackSettings };
  /** Opens what is stored sealed. */
  keys: Keys;
  watch: Watch;
  /** Keeps webhooks' secrets. */
  seal: Seal;
  /** Sends what webhooks are told. */
  sender: Sender;
  /** Ends the streams of share links. */
  shares: ShareWatch;
  /** Who works on what, live. */
  lineup: Lineup;
  /** Which sessions have a machine listening. */
  listeners: Listeners;
  metrics: Metrics;
  metricsDoor: MetricsDoor;
  ingest: ReturnType<typeof startIngest>;
  assets: Assets;
  log: Log;
  /** The address people use, without a slash at the end. */
  publicUrl: string;
  version: string;
  /** Fires when the server begins to stop: streams end, readiness says no. */
  stopping: AbortSignal;
}
