/**
 * What people wrote while we were deaf. Slack sends an event again for a few minutes only, so after a longer silence
 * (and after a take-over) the channels' own history is read from the newest message we know on, and the threads of
 * running sessions. What came both ways is handled once: the inbox knows a message by its channel and ts.
 */
import type { WebClient } from "@slack/web-api";
import { type Place, places } from "../core/slack-heard.ts";
import type { Lease } from "../core/slack-leases.ts";
import { pause } from "../lib/backoff.ts";
import { brief } from "../lib/log.ts";
import type { Deps } from "./listeners.ts";
import type { Rates } from "./rates.ts";

/** Hands an event of an app to its inbox. */
export type Accept = (clientId: string, body: Record<string, unknown>) => Promise<unknown>;

/** Pages of a hundred that are read of one conversation. */
const PAGES = 10;

export function startCatchUp(options: {
  deps: Deps;
  lease: Lease;
  rates: Rates;
  client(): WebClient;
  accept(body: Record<string, unknown>): Promise<unknown>;
}) {
  const { deps, lease, rates, client, accept } = options;
  const { db, log } = deps;
  const { team } = lease;
  const stopping = new AbortController();
  const { signal } = stopping;
  let running: Promise<void> | undefined;

  function go(): void {
    running ??= read()
      .catch((error) => log.warn("slack.catch_up_impossible", { team, error: brief(error) }))
      .finally(() => {
        running = undefined;
      });
  }

  async function read(): Promise<void> {
    let found = 0;
    for (const place of await places(db, lease)) {
      for (const thread of [undefined, ...place.threads]) {
        // One that is gone must not hide the others.
        found += await conversation(place, thread).catch((error) => {
          log.warn("slack.catch_up_failed", { team, error: brief(error) });
          return 0;
        });
      }
    }
    if (found > 0) log.info("slack.caught_up", { team, found });
  }

  async function conversation({ channel, since }: Place, thread: string | undefined) {
    let found = 0;
    let cursor: string | undefined;
    for (let page = 0; page < PAGES && !signal.aborted; page++) {
      const wanted = { channel, oldest: since, limit: 100, ...(cursor ? { cursor } : {}) };
      const method = thread ? "conversations.replies" : "conversations.history";
      for (let ms = rates.take(method); ms > 0 && !signal.aborted; ms = rates.take(method)) {
        await pause(ms, signal);
      }
      const { messages = [], response_metadata } = thread
        ? await client().conversations.replies({ ...wanted, ts: thread })
        : await client().conversations.history(wanted);
      for (const message of messages) {
        if (!message.user || message.bot_id || !message.ts || message.ts <= since) continue;
        found++;
        await accept(eventOf(team, channel, message));
      }
      cursor = response_metadata?.next_cursor;
      if (!cursor) break;
    }
    return found;
  }

  go();

  return {
    go,
    async [Symbol.asyncDispose]() {
      stopping.abort();
      await running;
    },
  };
}

/** As Slack would have told it. */
function eventOf(team: string, channel: string, message: { ts?: string; text?: string }) {
  const { ts } = message;
  return {
    type: "event_callback",
    event_id: `read ${team} ${channel} ${ts}`,
    team_id: team,
    event: { type: "message", channel_type: "channel", ...message, channel, event_ts: ts },
    authorizations: [{ team_id: team, is_bot: true, is_enterprise_install: false }],
  };
}
