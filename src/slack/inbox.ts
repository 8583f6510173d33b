import type { Db } from "../core/database.ts";
import * as inbox from "../core/slack-inbox.ts";
import { orgOf } from "../core/slack-workspaces.ts";
import { pause } from "../lib/backoff.ts";
import { brief, type Log } from "../lib/log.ts";
import { startTurns } from "../lib/turns.ts";
import { EventBody, teamOf } from "./envelope.ts";

/** These speak of another message, not of one of their own. */
const HIDDEN = new Set(["message_changed", "message_deleted", "message_replied"]);

/** How often we look for what another bridge left behind, or what failed and is due again. */
const SWEEP_MS = 2000;

/** Keeps every event, then says so to Slack, then has it handled: one conversation's events one after the other. */
export function startInbox(options: {
  db: Db;
  log: Log;
  clientId: string;
  handle(body: Record<string, unknown>): Promise<void>;
}) {
  const { db, log, clientId, handle } = options;
  const stopping = new AbortController();
  const inTurn = startTurns(1);
  const running = new Set<Promise<void>>();

  async function accept(body: Record<string, unknown>, ack: () => void): Promise<void> {
    try {
      const read = EventBody.safeParse(body);
      const team = read.success ? teamOf(read.data) : "";
      const org = team ? await orgOf(db, team) : undefined;
      // Not ours: Slack need not send it again.
      if (!read.success || !org) {
        log.info("slack.event_unknown", { team });
        return ack();
      }
      const { event_id: id, event } = read.data;
      const channel = typeof event.channel === "object" ? event.channel.id : event.channel;
      const place = `${team} ${channel ?? event.item?.channel ?? ""}`;
      const { type, subtype, ts } = event;
      const isWritten = type === "message" && ts && channel && !HIDDEN.has(subtype ?? "");
      const message = isWritten ? { channel, ts } : undefined;
      const it = { id, org, clientId, team, place, message, body };
      const isNew = (await inbox.accept(db, it)) === "new";
      ack();
      if (isNew) run(it);
    } catch (error) {
      // No receipt: Slack sends it again.
      log.warn("slack.event_not_kept", { error: brief(error) });
    }
  }

  function run(it: inbox.Delivered): void {
    const work = inTurn(it.place, () => act(it)).finally(() => running.delete(work));
    running.add(work);
  }

  async function act(it: inbox.Delivered): Promise<void> {
    if (stopping.signal.aborted) return;
    try {
      await handle(it.body);
      await inbox.done(db, it);
    } catch (error) {
      log.warn("slack.event_failed", { event: it.id, error: brief(error) });
      await inbox.failed(db, it, brief(error)).catch(() => {}); // its minute runs out, then it is taken up
    }
  }

  async function sweep(): Promise<void> {
    for (let turn = 0; !stopping.signal.aborted; turn++) {
      try {
        for (const it of await inbox.takeUp(db, [clientId])) run(it);
        if (turn % 1800 === 0) await inbox.forget(db);
      } catch (error) {
        log.warn("slack.inbox_unreadable", { error: brief(error) });
      }
      await pause(SWEEP_MS, stopping.signal);
    }
  }
  const sweeping = sweep();

  return {
    accept,
    async [Symbol.asyncDispose]() {
      stopping.abort();
      await sweeping;
      await Promise.allSettled(running);
    },
  };
}
