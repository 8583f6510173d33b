import { App as BoltApp, type Receiver } from "@slack/bolt";
import type { SealKeys } from "../core/seal.ts";
import type { App } from "../core/slack-apps.ts";
import { byTeam } from "../core/slack-workspaces.ts";
import { clientOptions, QUIET } from "./call.ts";
import type { Envelope } from "./envelope.ts";
import { startInbox } from "./inbox.ts";
import { lifecycle } from "./lifecycle.ts";
import { type Deps, listeners } from "./listeners.ts";
import { type SocketState, startSocket } from "./socket.ts";

export interface AppOptions {
  app: App;
  apiUrl: string;
  keys: SealKeys;
  deps: Deps;
  timings?: Timings | undefined;
  /** Everything of Slack's that a person must see: refused tokens, a connection that is away. */
  onState?: ((state: SocketState, detail: { word?: string; gapMs?: number }) => void) | undefined;
}

export interface Timings {
  pingMs?: number;
  deadAfterMs?: number;
  drainMs?: number;
  refusedMs?: number;
}

/** One Slack app: its connection, its inbox, and Bolt to bring what comes in to the listeners. */
export function startApp({ app, apiUrl, keys, deps, timings, onState }: AppOptions) {
  const { db, log } = deps;
  // Transport is ours (socket.ts); Bolt only needs something to hold.
  const receiver: Receiver = { init() {}, start: async () => {}, stop: async () => {} };
  const bolt = new BoltApp({
    receiver,
    convoStore: false,
    logger: QUIET,
    clientOptions: clientOptions(apiUrl),
    async authorize({ teamId }) {
      const found = teamId ? await byTeam(db, keys, teamId) : undefined;
      if (!found) throw new Error(`no workspace ${teamId} is connected`);
      const { token, bot, botUser, team, org } = found;
      return { botToken: token, botId: bot, botUserId: botUser, teamId: team, org };
    },
  });
  // Thrown on, so that the inbox knows and the event comes again.
  bolt.error(async (error) => {
    throw error;
  });
  lifecycle(bolt, deps);
  listeners(bolt, deps);

  const inbox = startInbox({
    db,
    log,
    clientId: app.clientId,
    handle: (body) => bolt.processEvent({ body, ack: async () => {} }),
  });

  function onEnvelope(envelope: Envelope, ack: (payload?: unknown) => void): void {
    if (envelope.type === "events_api") {
      void inbox.accept(envelope.payload, () => ack());
      return;
    }
    // Commands, buttons and views: a person waits for three seconds, and answers come with the receipt.
    void bolt
      .processEvent({ body: envelope.payload, ack: async (payload?: unknown) => ack(payload) })
      .catch((error) => log.warn("slack.interaction_failed", { error: String(error) }));
  }

  const socket = startSocket({
    appToken: app.appToken ?? "",
    apiUrl,
    log,
    onEnvelope,
    ...timings,
    ...(onState ? { onState } : {}),
  });

  return {
    get isConnected(): boolean {
      return socket.isConnected;
    },
    /** An event that was read in Slack's history, because we were deaf when it happened. */
    accept: (body: Record<string, unknown>) => inbox.accept(body, () => {}),
    async [Symbol.asyncDispose]() {
      await socket[Symbol.asyncDispose]();
      await inbox[Symbol.asyncDispose]();
    },
  };
}
export type RunningApp = ReturnType<typeof startApp>;
