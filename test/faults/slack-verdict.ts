import type { Sql } from "../../src/db/db.ts";
import { until } from "../../src/lib/until.ts";
import type { Json } from "../doubles/slack/model.ts";
import type { Slack } from "../helpers/slack.ts";
import type { Said } from "./slack.ts";

/** Compares what was said with Slack's own history, and what people said there with our inbox. */
export async function judge({
  slack,
  admin,
  said,
  heard,
}: {
  slack: Slack;
  admin: Sql;
  said: Said[];
  /** Workspace, channel and ts of what people wrote. */
  heard: string[];
}) {
  const count = async (query: Promise<{ n: number }[]>) => Number((await query)[0]?.n ?? 0);
  const open = () =>
    count(admin`select count(*)::int as n from slack_outbox where state in ('waiting', 'sending')`);
  const want = said.reduce((sum, { texts }) => sum + texts.length, 0);
  const asked = () =>
    count(admin`select count(*)::int as n from slack_outbox where key like 'event %'`);
  await until(async () => (await asked()) >= want && (await open()) === 0, {
    timeoutMs: 240_000,
    everyMs: 200,
    what: "the outbox to be empty",
  });
  await until(() => slack.unacked.length === 0, { timeoutMs: 60_000, what: "Slack's receipts" });
  const unhandled = () =>
    count(admin`select count(*)::int as n from slack_inbox where done_at is null`);
  await until(async () => (await unhandled()) === 0, { timeoutMs: 120_000, what: "the inbox" });

  const channels = [...slack.teams.values()].flatMap((team) =>
    [...team.channels.values()].filter(({ name }) => name !== "general"),
  );
  const wrong: string[] = [];
  for (const { team, channel, session, texts } of said) {
    const all: Json[] = channels
      .filter((each) => each.team === team && each.name === channel)
      .flatMap(({ messages }) => messages);
    const roots = all.filter(({ text }) => text === session);
    if (roots.length !== 1) wrong.push(`${team} ${session}: ${roots.length} roots`);
    const mine = new Set(texts.map((text) => `user:manu: ${text}`));
    const found = all.filter(({ text }) => mine.has(text));
    if (found.some(({ thread_ts }) => thread_ts !== roots[0]?.ts)) wrong.push(`${session}: strays`);
    const order = found.map(({ text }) => text).join("\n");
    if (order !== [...mine].join("\n")) {
      wrong.push(`${team} ${session}: ${found.length} of ${texts.length}, or out of order`);
    }
  }
  // By the message, not by the event: what we were deaf for was read in the history under another name.
  const handled = await count(
    admin`select count(*)::int as n from slack_inbox where message = any(${admin.array(heard, "TEXT")}) and attempts < 10`,
  );
  const posts = await count(
    admin`select count(*)::int as n from slack_outbox where state = 'done' and method = 'post'`,
  );
  const helped = await count(
    admin`select count(*)::int as n from slack_outbox where helped and method = 'post'`,
  );
  const calls = slack.calls("chat.postMessage");
  return {
    clean: wrong.length === 0 && handled === heard.length && slack.lost.length === 0,
    wrong,
    channels: channels.length,
    said: want,
    posts,
    helped,
    helpedShare: helped / posts,
    limited: calls.filter(({ status }) => status === 429).length,
    heard: heard.length,
    handled,
    lostEvents: slack.lost.length,
    redelivered: slack.deliveries.filter(({ attempts }) => attempts.length > 1).length,
    connections: slack.opened,
  };
}
