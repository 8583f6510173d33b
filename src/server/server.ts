import { Elysia } from "elysia";
import type { SignUp } from "../core/arrive.ts";
import { startDoorbell } from "../core/doorbell.ts";
import { startFeed } from "../core/feed.ts";
import { startIdentify } from "../core/identify.ts";
import { startIndexer } from "../core/indexer.ts";
import { startIngest } from "../core/ingest.ts";
import type { Db } from "../db/db.ts";
import { brief, type Log } from "../lib/log.ts";
import { loadAssets } from "../web/assets.ts";
import { PolarisError } from "../wire/error.ts";
import { MAX_BODY } from "./body.ts";
import { isSecure } from "./cookies.ts";
import { asPolarisError, errorResponse } from "./errors.ts";
import type { House } from "./house.ts";
import type { Keys } from "./keys.ts";
import { type MailSettings, startMail } from "./mail.ts";
import { startProvider } from "./oidc.ts";
import type { ProviderSettings } from "./providers.ts";
import { authRoutes } from "./routes/auth.ts";
import { deviceSettingRoutes } from "./routes/device-settings.ts";
import { deviceRoutes } from "./routes/devices.ts";
import { eventRoutes } from "./routes/events.ts";
import { grantRoutes } from "./routes/grants.ts";
import { healthRoutes } from "./routes/health.ts";
import { liveRoutes } from "./routes/live.ts";
import { orgRoutes } from "./routes/orgs.ts";
import { pageRoutes } from "./routes/pages.ts";
import { projectRoutes } from "./routes/projects.ts";
import { sessionRoutes } from "./routes/sessions.ts";
import { settingRoutes } from "./routes/settings.ts";
import { signInRoutes } from "./routes/sign-in.ts";
import { tokenRoutes } from "./routes/tokens.ts";
import { startTokens } from "./tokens.ts";

export interface ServerOptions {
  db: Db;
  log: Log;
  host: string;
  /** 0 takes any free port. */
  port: number;
  publicUrl?: string | undefined;
  version: string;
  proxies?: readonly string[] | undefined;
  localKey?: string | undefined;
  /** What signs machines' access tokens; there is no default. */
  keys: Keys;
  /** How long an access token lives: 15 minutes. */
  accessSeconds?: number | undefined;
  providers?: readonly ProviderSettings[] | undefined;
  signUp?: SignUp | undefined;
  mail?: MailSettings | undefined;
}

/** Starts HTTP on a migrated database. Disposal drains: no new connections, streams end, running requests finish. */
export async function startServer(options: ServerOptions) {
  const { db, log, host, version } = options;
  const stopping = new AbortController();
  const feed = startFeed(db, log);
  const bell = await startDoorbell(db, feed, log);
  const indexer = startIndexer(db, feed, log);
  const tokens = startTokens({
    keys: options.keys,
    issuer: () => house.publicUrl,
    accessSeconds: options.accessSeconds ?? 15 * 60,
  });
  const house: House = {
    db,
    feed,
    bell,
    identify: startIdentify(db, tokens.verify),
    tokens,
    proxies: options.proxies ?? [],
    localKey: options.localKey,
    providers: (options.providers ?? []).map((settings) =>
      startProvider(settings, { publicUrl: () => house.publicUrl, log }),
    ),
    signUp: options.signUp ?? "invited",
    mail: options.mail && startMail(options.mail, log),
    ingest: startIngest(db, bell),
    assets: await loadAssets(),
    log,
    publicUrl: options.publicUrl ?? "",
    version,
    stopping: stopping.signal,
  };

  const app = new Elysia({
    serve: { idleTimeout: 0, maxRequestBodySize: 2 * MAX_BODY, reusePort: false },
  })
    .onRequest(({ request, set, server }) => {
      // On every answer; pages add their own policy (web/csp.ts).
      set.headers["x-content-type-options"] = "nosniff";
      set.headers["x-frame-options"] = "DENY";
      if (isSecure(request, server, house)) {
        set.headers["strict-transport-security"] = "max-age=31536000";
      }
    })
    .onError(({ error, code }) => {
      if (code === "NOT_FOUND") {
        return errorResponse(
          new PolarisError("not_found", "There is nothing at this address.", {
            hint: "The API's paths are in the README.",
          }),
        );
      }
      return errorResponse(asPolarisError(error, log));
    })
    .use(healthRoutes(house))
    .use(authRoutes(house))
    .use(tokenRoutes(house))
    .use(grantRoutes(house))
    .use(deviceRoutes(house))
    .use(deviceSettingRoutes(house))
    .use(signInRoutes(house))
    .use(orgRoutes(house))
    .use(settingRoutes(house))
    .use(projectRoutes(house))
    .use(sessionRoutes(house))
    .use(eventRoutes(house))
    .use(liveRoutes(house))
    .use(pageRoutes(house));
  try {
    app.listen({ hostname: host, port: options.port });
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
  house.publicUrl ||= `http://${host === "127.0.0.1" || host === "0.0.0.0" ? "localhost" : host}:${port}`;

  return {
    url: `http://${host.includes(":") ? `[${host}]` : host === "0.0.0.0" ? "127.0.0.1" : host}:${port}`,
    publicUrl: house.publicUrl,
    port,
    house,
    async [Symbol.asyncDispose]() {
      stopping.abort();
      await drain(app.server);
      const parts: AsyncDisposable[] = [indexer, bell, feed, ...(house.mail ? [house.mail] : [])];
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
