/**
 * How fast Slack may be called: per method and workspace, posts also per channel (docs.slack.dev/apis/web-api/rate-limits,
 * tiers as of 2026-11). Slack counts per minute, so that rate and burst together stay below its number in any minute. A
 * 429 stops the one bucket that met it, for as long as Slack says and a little longer.
 */
import { type Rate, startBuckets } from "../lib/bucket.ts";

const perMinute = (count: number, burst: number): Rate => ({
  perSecond: (count - burst) / 60,
  burst,
});

const TIER2 = perMinute(20, 4);
const TIER3 = perMinute(50, 8);
const TIER4 = perMinute(100, 15);

/** About one message a second and channel, short bursts allowed; "several hundred" a minute for a workspace. */
const CHANNEL: Rate = { perSecond: 1, burst: 3 };
const METHODS: Record<string, Rate> = {
  "chat.postMessage": perMinute(220, 20),
  "chat.update": TIER3,
  "chat.postEphemeral": TIER4,
  "reactions.add": TIER3,
  "reactions.remove": TIER2,
  "files.getUploadURLExternal": TIER4,
  "files.completeUploadExternal": TIER4,
  "conversations.create": TIER2,
  "conversations.list": TIER2,
  "conversations.archive": TIER2,
  "conversations.setTopic": TIER2,
  "conversations.join": TIER3,
  "conversations.info": TIER3,
  "conversations.open": TIER3,
  "conversations.history": TIER3,
  "conversations.replies": TIER3,
};

/** `pace`: time runs so many times faster, for tests against a double whose clock does, or that counts nothing. */
export function startRates({ now: real = Date.now, pace = 1 } = {}) {
  const begun = real();
  const now = () => begun + (real() - begun) * pace;
  const buckets = new Map<string, ReturnType<typeof startBuckets>>();
  const blocked = new Map<string, number>();

  const bucket = (name: string, rate: Rate) => {
    const found = buckets.get(name);
    if (found) return found;
    const made = startBuckets(rate, { now });
    buckets.set(name, made);
    return made;
  };

  /** Where a call is counted: its method, and a post's channel. */
  const counts = (method: string, channel?: string) => {
    const of = [{ name: method, bucket: bucket(method, METHODS[method] ?? TIER2), key: "" }];
    if (channel === undefined || !isPost(method)) return of;
    return [...of, { name: `post ${channel}`, bucket: bucket("channel", CHANNEL), key: channel }];
  };

  return {
    /** Takes a place when there is one and answers 0; else takes nothing and answers when to ask again, in ms. */
    take(method: string, channel?: string): number {
      const all = counts(method, channel);
      const waits = all.map(({ name, bucket: it, key }) =>
        Math.max(it.wait(key, 1), (blocked.get(name) ?? 0) - now()),
      );
      const wait = Math.max(...waits);
      if (wait > 0) return wait / pace;
      for (const { name, bucket: it, key } of all) {
        it.spend(key);
        blocked.delete(name);
      }
      return 0;
    },
    /** Slack said 429: this bucket rests, the others go on. */
    block(method: string, channel: string | undefined, retryAfterS: number): number {
      const name = isPost(method) && channel !== undefined ? `post ${channel}` : method;
      const ms = retryAfterS * 1000 + Math.random() * 500;
      blocked.set(name, Math.max(blocked.get(name) ?? 0, now() + ms * pace));
      return ms;
    },
  };
}
export type Rates = ReturnType<typeof startRates>;

const isPost = (method: string): boolean =>
  method === "chat.postMessage" || method === "files.completeUploadExternal";
