import { randomBytes } from "node:crypto";
import { rmSync } from "node:fs";
import { join, resolve } from "node:path";
import * as apiTokens from "../core/api-tokens.ts";
import { SCOPES } from "../core/caller.ts";
import * as links from "../core/links.ts";
import { admit, hasOwner, homeOrg, userOf } from "../core/people.ts";
import type { SlackSettings } from "../core/slack-apps.ts";
import { reseal } from "../core/slack-tokens.ts";
import { connect, type Db, open, type Place } from "../db/db.ts";
import { type Embedded, startEmbedded } from "../db/embedded.ts";
import { lockDataDir } from "../db/lock.ts";
import { migrate } from "../db/migrate.ts";
import { writeAtomic } from "../lib/file.ts";
import type { Log } from "../lib/log.ts";
import { brief } from "../lib/log.ts";
import { loadKeys, rotate } from "../server/keys.ts";
import { type Server, type ServerOptions, startServer } from "../server/server.ts";
import { startBridge } from "../slack/bridge.ts";
import { VERSION } from "./version.ts";

export interface BootOptions {
  dataDir: string;
  /** Absent: our own PostgreSQL in the data directory. */
  databaseUrl?: string | undefined;
  host: string;
  port: number;
  publicUrl?: string | undefined;
  tls?: { cert: string; key: string } | undefined;
  /** Proxies whose X-Forwarded-* headers are believed. */
  proxies?: readonly string[] | undefined;
  /** How people sign in, and how invitations are mailed. */
  entrance?: Pick<ServerOptions, "providers" | "signUp" | "mail" | "metrics" | "backup">;
  /** Where Slack is; without `bridge` other processes post (polaris bridge). Absent: no Slack here. */
  slack?: { settings: SlackSettings; bridge: boolean } | undefined;
  /** Signs with a new secret from now on. */
  rotateSecret?: boolean | undefined;
  log: Log;
  progress?: (line: string) => void;
}

/**
 * A whole server: lock, database, schema, owner, HTTP. Disposal undoes it in the opposite order, so that requests are
 * drained before the database goes.
 */
export async function boot(options: BootOptions) {
  const { log, progress } = options;
  const dataDir = resolve(options.dataDir);
  await using stack = new AsyncDisposableStack();
  stack.use(lockDataDir(dataDir));
  const embedded: Embedded | undefined = options.databaseUrl
    ? undefined
    : stack.use(await startEmbedded({ dataDir, log, ...(progress ? { progress } : {}) }));
  const place: Place = embedded ? embedded.connection : { url: options.databaseUrl ?? "" };
  const owners = open(place, { max: 1 });
  try {
    await migrate(owners, { log });
  } finally {
    await owners.close({ timeout: 5 });
  }
  const db: Db = stack.use(await connect(place));
  const org = await homeOrg(db);
  const localKey = randomBytes(32).toString("base64url");
  const { host, port, publicUrl, proxies, tls } = options;
  if (options.rotateSecret) rotate(dataDir);
  const keys = loadKeys(dataDir);
  // After a rotation: what was sealed under the secret before this one.
  const resealed = await reseal(db, keys).catch((error) => {
    log.warn("slack.reseal_failed", { error: brief(error) });
    return 0;
  });
  if (resealed > 0) log.info("slack.resealed", { count: resealed });
  const slack = options.slack?.settings;
  const settings = {
    ...options.entrance,
    slack,
    host,
    port,
    publicUrl,
    tls,
    proxies,
    localKey,
    keys,
    version: VERSION,
  };
  const server: Server = stack.use(await startServer({ db, log, ...settings }));
  if (options.slack?.bridge) {
    const { feed, bell, publicUrl: address } = server.house;
    const where = { settings: options.slack.settings, publicUrl: address };
    stack.use(startBridge({ db, feed, bell, log, keys, ...where }));
  }
  // Where `polaris serve --claim` finds this server.
  const note = join(dataDir, "server.json");
  writeAtomic(note, JSON.stringify({ url: server.url, key: localKey }));
  stack.defer(() => rmSync(note, { force: true }));
  const owned = stack.move();
  return {
    dataDir,
    url: server.url,
    publicUrl: server.publicUrl,
    renew: server.renew,
    database: embedded ? ("embedded" as const) : ("external" as const),
    /** The one-time link that makes the first owner; null when there is one. */
    async claimUrl(): Promise<string | null> {
      if (await hasOwner(db, org)) return null;
      const code = await links.make(db, { kind: "claim", org, role: "owner" });
      return `${server.publicUrl}/claim?code=${code}`;
    },
    /**
     * For a server that is its own only user (the demo): an owner without a claim, a token for this machine's recorder,
     * and links that sign a browser in as them.
     */
    async own(person: { email: string; name: string }) {
      const user = await userOf(db, person);
      const participant = await db.as(org, (tx) => admit(tx, org, user, "owner"));
      const who = { org, participant, user: user.id };
      const { secret } = await apiTokens.mint(db, who, { name: "demo", scopes: SCOPES });
      return {
        token: secret,
        participant,
        async link(next: string): Promise<string> {
          const code = await links.make(db, {
            kind: "invite",
            org,
            role: "owner",
            email: user.email,
          });
          return `${server.publicUrl}/claim?code=${code}&next=${encodeURIComponent(next)}`;
        },
      };
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
export type Booted = Awaited<ReturnType<typeof boot>>;
