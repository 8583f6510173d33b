/**
 * Slack, both ways: a connection per Slack app for what people do there, and for every workspace whose lease this bridge
 * holds the way of the events into it. Any number of bridges may run on one database; inside `polaris serve` or alone as
 * `polaris bridge`.
 */
import type { Db } from "../core/database.ts";
import type { Doorbell } from "../core/doorbell.ts";
import type { Feed } from "../core/feed.ts";
import type { SealKeys } from "../core/seal.ts";
import { type App, all, type SlackSettings } from "../core/slack-apps.ts";
import { isDue, refresh } from "../core/slack-tokens.ts";
import { noteDeaf, type Workspace } from "../core/slack-workspaces.ts";
import { pause } from "../lib/backoff.ts";
import { brief, type Log } from "../lib/log.ts";
import type { RunningApp, Timings } from "./app.ts";
import { startLeases } from "./leases.ts";
import type { Speak } from "./mirror.ts";
import type { SocketState } from "./socket.ts";

export interface BridgeOptions {
  db: Db;
  feed: Feed;
  bell: Doorbell;
  log: Log;
  keys: SealKeys;
  settings: SlackSettings;
  publicUrl: string;
  timings?: Timings | undefined;
  /** What is said of a project's events; tests of the transport say it plainly. */
  speak?: Speak | undefined;
  /** So many times faster than Slack allows: for tests against a double. */
  pace?: number | undefined;
}

/** Without a connection for this long, what people wrote meanwhile is read in Slack's history. */
const DEAF_MS = 5000;
/** A new app, or another token of one, is noticed this soon. */
const APPS_MS = 2000;

/** A token that could not be renewed is good for some hours yet: no hurry. */
const RENEW_MS = 60_000;

export function startBridge(options: BridgeOptions) {
  const { db, feed, bell, log, keys, settings, publicUrl, timings, speak, pace = 1 } = options;
  const { apiUrl } = settings;
  const stopping = new AbortController();
  const apps = new Map<string, { app: App; running: RunningApp }>();
  const notBefore = new Map<string, number>();
  const kick = (org: string) => leases.of(org)?.kick();
  const deps = { db, feed, bell, log, keys, apiUrl, publicUrl, kick };

  const leases = startLeases({ deps, keys, apiUrl, pace, speak, accept, refresh: renew });

  async function renew(workspace: Workspace): Promise<Workspace | undefined> {
    const known = await all(db, keys, settings);
    const app = known.find(({ clientId }) => clientId === workspace.clientId);
    return app ? refresh(db, keys, app, workspace, apiUrl) : undefined;
  }

  feed.onRing((org, project) => leases.of(org)?.ring(project));

  async function turn(): Promise<void> {
    const wanted = await all(db, keys, settings);
    for (const [id, { app, running }] of apps) {
      const still = wanted.find(({ clientId }) => clientId === id);
      if (still?.appToken === app.appToken) continue;
      apps.delete(id);
      await running[Symbol.asyncDispose]();
    }
    for (const app of wanted) {
      if (apps.has(app.clientId)) continue;
      // Bolt costs 75 to 240 ms and 30 MB: only where somebody uses Slack.
      const { startApp } = await import("./app.ts");
      apps.set(app.clientId, {
        app,
        running: startApp({ app, apiUrl, keys, deps, timings, onState: stateOf(app) }),
      });
    }
    for (const team of leases.teams) await renewDue(team);
  }

  /** Longer than Slack waits before it sends an event again at once. */
  const stateOf = (app: App) => (state: SocketState, detail: { word?: string; gapMs?: number }) => {
    if (state === "connected" || state === "refused") tellDeaf(app, detail.word ?? null);
    if (state !== "connected" || (detail.gapMs ?? 0) < DEAF_MS) return;
    for (const workspace of leases.all()) {
      if (workspace.workspace.clientId === app.clientId) workspace.catchUp();
    }
  };

  /** Whoever looks at the dashboard is told that nothing arrives, and when it does again. */
  function tellDeaf({ clientId }: App, word: string | null): void {
    noteDeaf(db, clientId, word).catch((error) =>
      log.warn("slack.deaf_not_told", { error: brief(error) }),
    );
  }

  async function accept(clientId: string, body: Record<string, unknown>): Promise<void> {
    await apps.get(clientId)?.running.accept(body);
  }

  async function renewDue(team: string): Promise<void> {
    const running = leases.byTeam(team);
    if (!running || !isDue(running.workspace)) return;
    if ((notBefore.get(team) ?? 0) > performance.now()) return;
    notBefore.set(team, performance.now() + RENEW_MS);
    await renew(running.workspace).catch((error) =>
      log.warn("slack.token_not_renewed", { team, error: brief(error) }),
    );
  }

  async function work(): Promise<void> {
    while (!stopping.signal.aborted) {
      try {
        await turn();
      } catch (error) {
        log.warn("slack.apps_failed", { error: brief(error) });
      }
      await pause(APPS_MS, stopping.signal);
    }
  }
  const working = work();

  return {
    /** Apps whose connection stands. */
    get connected(): string[] {
      return [...apps].filter(([, { running }]) => running.isConnected).map(([id]) => id);
    },
    /** Workspaces that this bridge posts into. */
    get teams(): string[] {
      return leases.teams;
    },
    /** The outbox of this organisation has something new. */
    kick: deps.kick,
    async [Symbol.asyncDispose]() {
      stopping.abort();
      await working;
      for (const { running } of apps.values()) await running[Symbol.asyncDispose]();
      await leases[Symbol.asyncDispose]();
    },
  };
}
export type Bridge = ReturnType<typeof startBridge>;
