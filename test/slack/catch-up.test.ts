import { expect, test } from "bun:test";
import * as leases from "../../src/core/slack-leases.ts";
import { enqueue } from "../../src/core/slack-outbox.ts";
import * as queue from "../../src/core/slack-queue.ts";
import { byTeam } from "../../src/core/slack-workspaces.ts";
import { silent } from "../../src/lib/log.ts";
import { until } from "../../src/lib/until.ts";
import { startClient } from "../../src/slack/call.ts";
import { startDelivery } from "../../src/slack/delivery.ts";
import { startRates } from "../../src/slack/rates.ts";
import { plain } from "../helpers/plain.ts";
import { connectSlack, KEYS, startTestBridge } from "../helpers/slack.ts";
import { test as both } from "./both.ts";
import { startBridged } from "./bridged.ts";

both(
  "D7: what people wrote while no bridge ran is read in Slack's history, and handled once",
  async (answers) => {
    await using world = await startBridged(answers, { retryDelaysMs: [] });
    const { slack, polaris } = world;
    await world.say("one");
    const reply = await world.said("etl", "one");
    const root = String(reply.thread_ts);
    const word = (text: string, thread?: string) =>
      slack.say("etl", "krishna", text, thread ? { thread } : {});
    const handled = async () => {
      const rows = await polaris.database.admin`
      select event_id from slack_inbox where message is not null and done_at is not null and error is null`;
      return rows.map(({ event_id }: { event_id: string }) => event_id);
    };
    await word("heard");
    await until(async () => (await handled()).length >= 1);
    await world.bridge[Symbol.asyncDispose]();
    await word("missed in the channel");
    await word("missed in the thread", root);
    expect(slack.lost.length).toBeGreaterThan(0);
    const before = await handled();
    await using _next = startTestBridge(polaris, slack, { pace: 20, speak: plain });
    await until(async () => (await handled()).length >= before.length + 2, { timeoutMs: 15_000 });
    await word("heard again");
    await until(async () => (await handled()).length >= before.length + 3);
    const ids = await handled();
    expect(ids.filter((id: string) => id.startsWith("read "))).toHaveLength(2);
  },
);

test("D1: a token that Slack renews every twelve hours is renewed before its end", async () => {
  await using world = await startBridged("our Slack", { app: { tokenRotation: true } });
  const { polaris, slack } = world;
  const token = () => slack.calls("chat.postMessage").at(-1)?.token;
  await world.say("one");
  await world.said("etl", "one");
  const first = token();
  expect(first).toStartWith("xoxe.xoxb-");
  await polaris.database.admin`
    update slack_installations set token_expires_at = now() + interval '1 hour'`;
  await until(() => slack.calls("oauth.v2.access").length >= 2, { timeoutMs: 15_000 });
  await until(
    async () => {
      await world.say("two");
      return token() !== first;
    },
    { timeoutMs: 15_000, everyMs: 500 },
  );
  expect((await world.status()).workspace?.state).toBe("live");
});

test("D7: who has lost the lease can neither take nor finish a write", async () => {
  await using world = await startBridged();
  await world.bridge[Symbol.asyncDispose]();
  const { polaris } = world;
  const at = { org: polaris.caller.org, team: "T0ACME" };
  const mine = await leases.take(polaris.db, { ...at, holder: crypto.randomUUID() }, 300);
  if (!mine) throw new Error("the lease was not free");
  expect(
    await leases.take(polaris.db, { ...at, holder: crypto.randomUUID() }, 300),
  ).toBeUndefined();
  const write = { ...at, to: { id: "C1" }, method: "post" as const, payload: { text: "x" } };
  await polaris.db.as(at.org, (tx) => enqueue(tx, { ...write, key: "fenced" }));
  const [head] = await queue.heads(polaris.db, mine);
  if (!head) throw new Error("nothing is open");
  expect(await queue.claim(polaris.db, mine, head)).toEqual({ text: "x" });
  const theirs = await until(() =>
    leases.take(polaris.db, { ...at, holder: crypto.randomUUID() }, 5000),
  );
  expect(theirs.fence).toBeGreaterThan(mine.fence);
  expect(await queue.claim(polaris.db, mine, head)).toBeUndefined();
  expect(await queue.claim(polaris.db, theirs, head)).toEqual({ text: "x" });
  expect(await queue.remember(polaris.db, mine, head, { file: "F1" })).toBe(false);
  const posted = { channel: "C1", ts: "1.1" };
  await queue.finish(polaris.db, mine, head, { posted, helped: false });
  expect((await queue.heads(polaris.db, theirs)).map(({ key }) => key)).toEqual(["fenced"]);
  await queue.finish(polaris.db, theirs, head, { posted, helped: false });
  expect(await queue.heads(polaris.db, theirs)).toEqual([]);
});

test("D7: whose lease ends while the bytes of a file are on their way puts it into no channel", async () => {
  await using world = await startBridged();
  await world.say("the first");
  await world.said("etl", "the first");
  await world.bridge[Symbol.asyncDispose]();
  const { polaris, slack } = world;
  const { db, caller } = polaris;
  const at = { org: caller.org, team: "T0ACME" };
  const workspace = await byTeam(db, KEYS, at.team);
  const lease = await leases.take(db, { ...at, holder: crypto.randomUUID() }, 60_000);
  if (!lease || !workspace) throw new Error("the workspace was not free");
  const payload = { filename: "late.md", content: "# late" };
  const write = { ...at, to: { id: slack.channel("etl").id }, method: "upload" as const, payload };
  await db.as(at.org, (tx) => enqueue(tx, { ...write, key: "late" }));
  const [head] = await queue.heads(db, lease);
  if (!head) throw new Error("nothing is open");
  const isAsked = () => slack.calls("files.getUploadURLExternal").length > 0;
  const deliver = startDelivery({
    db,
    lease,
    workspace,
    log: silent,
    rates: startRates(),
    client: () => startClient(slack.apiUrl, workspace.token),
    isOurs: () => !isAsked(),
    refresh: async () => false,
    onPaused() {},
  });
  await deliver(head);
  expect(slack.calls("files.completeUploadExternal")).toEqual([]);
  const [waiting] = await queue.heads(db, lease);
  expect(waiting).toMatchObject({ key: "late", note: { file: expect.any(String) } });
});

test("D1: an organisation's own app has its own connection", async () => {
  await using world = await startBridged();
  const { polaris, slack } = world;
  const appToken = "xapp-1-OTHER-1-fake";
  slack.addAppToken(appToken);
  const answer = await polaris.call("/orgs/slack/app", {
    method: "PUT",
    body: JSON.stringify({ clientId: "222222.333333", clientSecret: "secret", appToken }),
  });
  expect(answer.status).toBe(200);
  await until(() => world.bridge.connected.length === 2);
  expect(world.bridge.connected).toEqual([slack.clientId, "222222.333333"]);
  await polaris.database.admin`delete from slack_apps`;
  await until(() => world.bridge.connected.length === 1);
  await connectSlack(polaris.db, slack, polaris.caller);
});
