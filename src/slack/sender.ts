import type { WebClient } from "@slack/web-api";
import type { Db } from "../core/database.ts";
import type { Lease } from "../core/slack-leases.ts";
import * as queue from "../core/slack-queue.ts";
import type { Workspace } from "../core/slack-workspaces.ts";
import { backoff, pause } from "../lib/backoff.ts";
import { brief, type Log } from "../lib/log.ts";
import { CALL_MS } from "./call.ts";
import { startDelivery } from "./delivery.ts";
import { METHOD } from "./perform.ts";
import type { Rates } from "./rates.ts";

export interface SenderOptions {
  db: Db;
  log: Log;
  lease: Lease;
  /** False from the moment in which somebody else may have the lease. */
  isOurs(): boolean;
  workspace: Workspace;
  client(): WebClient;
  rates: Rates;
  /** Slack refuses our token: gets a new one where it can be had. */
  refresh(): Promise<boolean>;
  /** The workspace was paused: this sender is over. */
  onPaused(): void;
}

/** So many calls of one workspace are on their way at once. */
const AT_ONCE = 8;
/** Rows that another process wrote are found without a bell, too. */
const POLL_MS = 1000;
/** What is long over goes once an hour. */
const SWEEP_MS = 3600_000;

/**
 * Empties the outbox of one workspace while we hold its lease: the first open write of every lane, as fast as Slack's
 * rates allow, lanes side by side, each write claimed with our fence before it is sent. A write that somebody was sending
 * when they lost the lease is left alone until their call must have ended, and then looked up.
 */
export function startSender(options: SenderOptions) {
  const { db, log, lease, isOurs, rates } = options;
  const stopping = new AbortController();
  const flying = new Map<string, Promise<void>>();
  const deliver = startDelivery(options);
  let bell = Promise.withResolvers<void>();

  const kick = () => bell.resolve();

  async function work(): Promise<void> {
    const retry = backoff({ maxMs: 2000 });
    let sweptAt = Number.NEGATIVE_INFINITY;
    while (!stopping.signal.aborted) {
      let wait = POLL_MS;
      bell = Promise.withResolvers<void>();
      try {
        if (isOurs()) wait = launch(await queue.heads(db, lease));
        if (performance.now() - sweptAt > SWEEP_MS) {
          await queue.sweep(db, lease.org);
          sweptAt = performance.now();
        }
        retry.reset();
      } catch (error) {
        log.warn("slack.outbox_unreadable", { error: brief(error) });
        wait = retry.next();
      }
      const rest = new AbortController();
      await Promise.race([
        bell.promise,
        pause(wait, AbortSignal.any([rest.signal, stopping.signal])),
      ]);
      rest.abort();
    }
    await Promise.allSettled(flying.values());
  }

  /** Sends what may go; answers when to look again, in ms. */
  function launch(heads: queue.Head[]): number {
    let wait = POLL_MS;
    for (const head of heads) {
      if (flying.size >= AT_ONCE) return wait;
      if (flying.has(head.lane)) continue;
      const due = dueOf(head, lease) - Date.now();
      if (due > 0) {
        wait = Math.min(wait, due);
        continue;
      }
      if (head.target && !head.targetTs) {
        fly(head, () => queue.drop(db, lease, head, "target_gone"));
        continue;
      }
      const busy = rates.take(
        METHOD[head.method],
        head.channel ?? head.place ?? head.address ?? "",
      );
      if (busy > 0) wait = Math.min(wait, busy);
      else fly(head, () => deliver(head));
    }
    return wait;
  }

  function fly(head: queue.Head, work: () => Promise<void>): void {
    const flight = work()
      .catch((error) => log.warn("slack.send_failed", { method: head.method, error: brief(error) }))
      .finally(() => {
        flying.delete(head.lane);
        kick();
      });
    flying.set(head.lane, flight);
  }

  const working = work();

  return {
    kick,
    async [Symbol.asyncDispose]() {
      stopping.abort();
      kick();
      await working;
    },
  };
}
export type Sender = ReturnType<typeof startSender>;

/** From when on a write may be sent: what an earlier holder was sending, only when their call has ended for certain. */
function dueOf(head: queue.Head, { fence }: Lease): number {
  const due = head.notBefore.getTime();
  if (head.state !== "sending" || head.fence === fence) return due;
  return Math.max(due, (head.claimedAt?.getTime() ?? 0) + CALL_MS + 500);
}
