import { Elysia } from "elysia";
import type { SignUp } from "../core/arrive.ts";
import { startBehind } from "../core/behind.ts";
import { counter } from "../core/counter.ts";
import { startDoorbell } from "../core/doorbell.ts";
import { startExpiry } from "../core/expiry.ts";
import { startFeed } from "../core/feed.ts";
import { startIdentify } from "../core/identify.ts";
import { indexer } from "../core/indexer.ts";
import { startIngest } from "../core/ingest.ts";
import { startLineup } from "../core/lineup.ts";
import { startListeners } from "../core/listeners.ts";
import { startSender } from "../core/sender.ts";
import { startShareWatch } from "../core/share-watch.ts";
import { type SlackSettings, slackOf } from "../core/slack-apps.ts";
import { startStrain } from "../core/strain.ts";
import { startSweeper } from "../core/sweeper.ts";
import { teller } from "../core/teller.ts";
import { startWatch } from "../core/watch.ts";
import type { Db } from "../db/db.ts";
import { brief, type Log } from "../lib/log.ts";
import { startSeal } from "../lib/seal.ts";
import { loadAssets } from "../web/assets.ts";
import { PolarisError } from "../wire/error.ts";
import { addressOf, isSecure, proxiesOf } from "./address.ts";
import { asPolarisError, errorResponse } from "./errors.ts";
import { headersOf } from "./headers.ts";
import type { House } from "./house.ts";
import type { Keys } from "./keys.ts";
import { type Rates, startLimits } from "./limits.ts";
import { type MailSettings, startMail } from "./mail.ts";
import { type BackupReading, type MetricsDoor, startMetrics } from "./metrics.ts";
import { startProvider } from "./oidc.ts";
import type { ProviderSettings } from "./providers.ts";
import type { Whole } from "./routes/reference.ts";
import { routesOf } from "./routes.ts";
import { startTokens } from "./tokens.ts";

export interface ServerOptions {
  db: Db;
  log: Log;
  host: string;
  /** 0 takes any free port. */
  port: number;
  publicUrl?: string | undefined;
  /** PEM: it speaks https itself. */
  tls?: { cert: string; key: string } | undefined;
  version: string;
  /** Proxies whose X-Forwarded-* headers are believed: addresses and networks. */
  proxies?: readonly string[] | undefined;
  /** Other limits than `RATES`. */
  rates?: Partial<Rates> | undefined;
  localKey?: string | undefined;
  /** What signs machines' access tokens; there is no default. */
  keys: Keys;
  /** How long an access token lives: 15 minutes. */
  accessSeconds?: number | undefined;
  providers?: readonly ProviderSettings[] | undefined;
  signUp?: SignUp | undefined;
  mail?: MailSettings | undefined;
  slack?: SlackSettings | undefined;
  /** Other waits before a webhook is tried again than Standard Webhooks' own. */
  webhookRetryMs?: readonly number[] | undefined;
  metrics?: MetricsDoor | undefined;
  /** What the metrics say of backups, once these have begun. */
  backup?: (() => BackupReading) | undefined;
}

/** Starts HTTP on a migrated database. Disposal drains: no new connections, streams end, running requests finish. */
export async function startServer(options: ServerOptions) {
  const { db, log, host, version } = options;
  const stopping = new AbortController();
  const proxies = proxiesOf(options.proxies ?? []);
  const limits = startLimits(options.rates, stopping.signal);
  const feed = startFeed(db, log);
  const bell = await startDoorbell(db, feed, log);
  const seal = startSeal(
    [options.keys.current, ...options.keys.known.values()].map(({ secret }) => secret),
    "polaris webhooks",
  );
  const sender = startSender(db, seal, log, options.webhookRetryMs);
  const strain = startStrain();
  const readers = [indexer(), counter(), teller(() => house.publicUrl, sender.kick)].map((reader) =>
    startBehind(db, feed, log, reader, strain),
  );
  const sweeper = startSweeper(db, log);
  const lineup = startLineup(db, feed, log);
  const tokens = startTokens({
    keys: options.keys,
    issuer: () => house.publicUrl,
    accessSeconds: options.accessSeconds ?? 15 * 60,
  });
  const identify = startIdentify(db, tokens.verify);
  const watch = await startWatch(db, identify, log);
  const shares = await startShareWatch(db, log);
  const listeners = startListeners(db, log);
  const expiry = startExpiry(db, bell, log);
  const metrics = startMetrics({
    db,
    version,
    connections: () => ({
      requests: app.server?.pendingRequests ?? 0,
      sockets: app.server?.pendingWebSockets ?? 0,
    }),
    backup: options.backup,
  });
  const house: House = {
    db,
    feed,
    bell,
    tokens,
    identify,
    watch,
    shares,
    seal,
    sender,
    lineup,
    listeners,
    proxies,
    addressOf: (request) => addressOf(request, app.server, proxies),
    isSecure: (request) => isSecure(request, app.server, house),
    limits,
    localKey: options.localKey,
    providers: (options.providers ?? []).map((settings) =>
      startProvider(settings, { publicUrl: () => house.publicUrl, log }),
    ),
    signUp: options.signUp ?? "invited",
    mail: options.mail && startMail(options.mail, log),
    slack: { settings: options.slack ?? slackOf({}) },
    keys: options.keys,
    metrics,
    metricsDoor: options.metrics ?? {},
    ingest: startIngest(db, bell, strain, metrics.ingested),
    assets: await loadAssets(),
    log,
    publicUrl: options.publicUrl ?? "",
    version,
    stopping: stopping.signal,
  };

  const whole: Whole = {};
  const app = new Elysia({
    // Bun itself refuses headers over 16 KB (431). A connection on which nothing moves for two minutes is dropped;
    // streams say something every 15 s. Bun's own limit answers 413 without a word (and ends the connection): ours, in
    // `body.ts`, says what is wrong, and reads nothing of what is declared too large.
    serve: { idleTimeout: 120, maxRequestBodySize: Number.MAX_SAFE_INTEGER, reusePort: false },
  })
    .onRequest(({ request, set }) => {
      Object.assign(set.headers, headersOf(house.isSecure(request)));
      limits.arrive(request, house.addressOf(request));
    })
    .onAfterResponse(({ request, set, responseValue }) => {
      const status = responseValue instanceof Response ? responseValue.status : Number(set.status);
      metrics.answered(request.method, status || 200);
    })
    .onAfterHandle(({ request, responseValue }) => {
      if (!(responseValue instanceof Response)) return;
      limits.answered(request, house.addressOf(request), responseValue.status);
    })
    .onError(({ request, error, code }) => {
      const problem = code === "NOT_FOUND" ? NOTHING_HERE : asPolarisError(error, log);
      limits.answered(request, house.addressOf(request), problem.status);
      return errorResponse(problem);
    })
    .use(routesOf(house, whole));
  whole.app = app;
  const listen = (port: number, tls: ServerOptions["tls"]) =>
    app.listen({ hostname: host, port, ...(tls ? { tls } : {}) });
  try {
    listen(options.port, options.tls);
  } catch (cause) {
    throw new PolarisError(
      "port_taken",
      `Port ${options.port} on ${host} is taken or not allowed.`,
      {
        hint: "Choose another with --port, or 0 for any free one.",
        cause,
      },
    );
  }
  const port = app.server?.port ?? options.port;
  const scheme = options.tls ? "https" : "http";
  house.publicUrl ||= `${scheme}://${host === "127.0.0.1" || host === "0.0.0.0" ? "localhost" : host}:${port}`;

  return {
    url: `${scheme}://${host.includes(":") ? `[${host}]` : host === "0.0.0.0" ? "127.0.0.1" : host}:${port}`,
    publicUrl: house.publicUrl,
    port,
    house,
    /**
     * Takes up a renewed certificate. Bun's own reload keeps the old one (1.4.5): the door is closed and opened again on
     * the same port, and what came through the old one goes on.
     */
    renew(tls: { cert: string; key: string }): void {
      void app.server?.stop(false);
      listen(port, tls);
    },
    /** Every route with what it asks for (see `guard.ts`): the access matrix in the tests is made from it. */
    routes: app.routes.map(({ method, path, hooks }): Route => {
      return { method, path, asks: hooks.detail?.security };
    }),
    async [Symbol.asyncDispose]() {
      stopping.abort();
      await drain(app.server);
      const parts: AsyncDisposable[] = [
        expiry,
        listeners,
        watch,
        sweeper,
        lineup,
        shares,
        ...readers,
        sender,
        bell,
        feed,
      ];
      if (house.mail) parts.push(house.mail);
      for (const part of parts) {
        try {
          await part[Symbol.asyncDispose]();
        } catch (error) {
          log.warn("stop", { error: brief(error) });
        }
      }
    },
  };
}
export type Server = Awaited<ReturnType<typeof startServer>>;

const NOTHING_HERE = new PolarisError("not_found", "There is nothing at this address.", {
  hint: "The API's paths are in the README.",
});

export interface Route {
  method: string;
  path: string;
  asks: unknown;
}

/** Time for what is running; then connections are cut, and clients resume by their cursors. */
const DRAIN_MS = 8000;

async function drain(server: Bun.Server<unknown> | null): Promise<void> {
  if (!server) return;
  // Closes the door. Its promise also waits for idle keep-alive connections, so it is not what we wait for.
  void server.stop(false);
  const end = performance.now() + DRAIN_MS;
  while (server.pendingRequests + server.pendingWebSockets > 0 && performance.now() < end) {
    await Bun.sleep(20);
  }
  void server.stop(true);
}
