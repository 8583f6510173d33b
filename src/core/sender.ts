import { createHmac } from "node:crypto";
import type { Db } from "../db/db.ts";
import { brief, type Log } from "../lib/log.ts";
import type { Seal } from "../lib/seal.ts";

/** Standard Webhooks' own schedule, in about three days; after the last a message is given up. */
const RETRY_MS = [5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000].map(
  (seconds) => seconds * 1000,
);
const TIMEOUT_MS = 10_000;
/** Whoever takes a message has so long for it; should the process die, another takes it then. */
const TAKEN_MS = 60_000;
const EVERY_MS = 5000;
const ABREAST = 8;

interface Message {
  id: string;
  webhook_id: string;
  body: string;
  tries: number;
  url: string;
  secret: Uint8Array;
}

interface Outcome {
  status: number | null;
  answer: string | null;
  tookMs: number;
}

/**
 * Sends what webhooks are to be told, at least once each: taken for a minute, sent, written down how it went, tried again
 * later when it went wrong. Any number of servers may do this on one database.
 */
export function startSender(db: Db, seal: Seal, log: Log, retryMs: readonly number[] = RETRY_MS) {
  const stop = new AbortController();
  const waiting = new Set<string>();
  let running: Promise<void> | undefined;

  function kick(org: string): void {
    waiting.add(org);
    if (stop.signal.aborted) return;
    running ??= work().finally(() => {
      running = undefined;
      const [next] = waiting;
      if (next) kick(next);
    });
  }

  async function work(): Promise<void> {
    for (const org of waiting) {
      waiting.delete(org);
      try {
        for (
          let due = await take(org);
          due.length > 0 && !stop.signal.aborted;
          due = await take(org)
        ) {
          await Promise.all(due.map((message) => deliver(org, message)));
        }
      } catch (error) {
        if (!stop.signal.aborted) log.warn("webhooks.failed", { error: brief(error) });
      }
    }
  }

  const take = (org: string): Promise<Message[]> =>
    db.as(
      org,
      (tx) => tx<Message[]>`
        with due as (
          select m.id from webhook_messages m join webhooks w on w.id = m.webhook_id
          where m.org_id = ${org} and m.next_at <= now() and w.deleted_at is null and w.disabled_at is null
          order by m.next_at limit ${ABREAST} for update of m skip locked
        )
        update webhook_messages m
        set next_at = now() + ${TAKEN_MS}::int * interval '1 ms', tries = tries + 1
        from due, webhooks w where m.id = due.id and w.id = m.webhook_id
        returning m.id, m.webhook_id, m.body, m.tries, w.url, w.secret`,
    );

  async function deliver(org: string, message: Message): Promise<void> {
    const outcome = await send(message);
    const { status, answer, tookMs } = outcome;
    const isDone = status !== null && status >= 200 && status < 300;
    const wait = retryMs[message.tries - 1];
    const next =
      isDone || wait === undefined || status === 410 ? null : new Date(Date.now() + wait);
    await db.as(org, async (tx) => {
      await tx`
        update webhook_messages set status = ${status}, answer = ${answer}, took_ms = ${tookMs}, next_at = ${next},
          delivered_at = ${isDone ? new Date() : null} where id = ${message.id}`;
      // "Gone" is how a receiver says that it wants no more.
      if (status === 410) {
        await tx`update webhooks set disabled_at = now() where id = ${message.webhook_id}`;
      }
    });
    if (next) setTimeout(() => kick(org), Math.min(wait ?? EVERY_MS, EVERY_MS) + 5).unref();
  }

  async function send({ id, body, url, secret }: Message): Promise<Outcome> {
    const began = performance.now();
    const took = () => Math.round(performance.now() - began);
    const key = seal.open(secret);
    if (key === undefined) {
      return {
        status: null,
        answer: "its secret cannot be read: was POLARIS_SECRET changed?",
        tookMs: 0,
      };
    }
    const at = Math.floor(Date.now() / 1000);
    try {
      const response = await fetch(url, {
        method: "POST",
        headers: {
          "content-type": "application/json",
          "user-agent": "polaris",
          "webhook-id": id,
          "webhook-timestamp": String(at),
          "webhook-signature": signatureOf(key, id, at, body),
        },
        body,
        // To where it was pointed at by an admin, and nowhere else.
        redirect: "manual",
        signal: AbortSignal.any([stop.signal, AbortSignal.timeout(TIMEOUT_MS)]),
      });
      await response.body?.cancel();
      return { status: response.status, answer: null, tookMs: took() };
    } catch (error) {
      const answer = error instanceof Error ? error.message.slice(0, 200) : "no answer";
      return { status: null, answer, tookMs: took() };
    }
  }

  async function sweep(): Promise<void> {
    for (const { id } of await db.sql<{ id: string }[]>`select id from orgs`) kick(id);
  }
  const timer = setInterval(() => {
    sweep().catch((error: unknown) => log.warn("webhooks.sweep_failed", { error: brief(error) }));
  }, EVERY_MS);
  timer.unref();

  return {
    kick,
    async [Symbol.asyncDispose]() {
      stop.abort();
      clearInterval(timer);
      waiting.clear();
      await running;
    },
  };
}
export type Sender = ReturnType<typeof startSender>;

/** `v1,` and the HMAC of id, time and body (standardwebhooks.com); the key is what follows `whsec_`. */
export function signatureOf(secret: string, id: string, at: number, body: string): string {
  const key = Buffer.from(secret.replace(/^whsec_/, ""), "base64");
  return `v1,${createHmac("sha256", key).update(`${id}.${at}.${body}`).digest("base64")}`;
}
