import { afterAll, beforeAll, expect, test } from "bun:test";
import { silent } from "../../src/lib/log.ts";
import { until } from "../../src/lib/until.ts";
import { startInbox } from "../../src/slack/inbox.ts";
import { type Polaris, startPolaris } from "../helpers/polaris.ts";
import { connectSlack, type Slack, startSlack } from "../helpers/slack.ts";
import { startBridged } from "./bridged.ts";

let slack: Slack;
let polaris: Polaris;
beforeAll(async () => {
  slack = startSlack();
  polaris = await startPolaris();
  await connectSlack(polaris.db, slack, polaris.caller);
});
afterAll(async () => {
  await polaris[Symbol.asyncDispose]();
  await slack.stop();
});

let made = 0;
const message = (text: string, channel = "C1", team = "T0ACME") => ({
  event_id: `Ev${++made}`,
  team_id: team,
  event: { type: "message", channel, text },
});
const wordsOf = (body: Record<string, unknown>) => String((body.event as { text: string }).text);
const rows = () => polaris.database.admin`select * from slack_inbox order by received_at`;

function start(handle: (text: string) => Promise<void>) {
  return startInbox({
    db: polaris.db,
    log: silent,
    clientId: slack.clientId,
    handle: (body) => handle(wordsOf(body)),
  });
}

test("D7: an event is kept before Slack gets its receipt, and handled once however often it comes", async () => {
  const done: string[] = [];
  await using inbox = start(async (text) => void done.push(text));
  const body = message("hello");
  let kept = -1;
  await inbox.accept(body, async () => {
    kept = (await rows()).length;
  });
  for (let n = 0; n < 3; n++) await inbox.accept(body, () => {});
  await until(() => done.length > 0 && kept >= 0);
  expect([kept, done]).toEqual([1, ["hello"]]);
  await until(async () => (await rows())[0]?.done_at);
  expect((await rows())[0]?.body).toBeNull();
});

test("D7: while nothing can be stored Slack gets no receipt", async () => {
  await using inbox = start(async () => {});
  let receipts = 0;
  const gone = "alter table slack_inbox rename to slack_inbox_away";
  await polaris.database.admin.unsafe(gone);
  const body = message("while down");
  await inbox.accept(body, () => receipts++);
  expect(receipts).toBe(0);
  await polaris.database.admin.unsafe("alter table slack_inbox_away rename to slack_inbox");
  await inbox.accept(body, () => receipts++);
  expect(receipts).toBe(1);
});

test("D7: what failed is handled again, and the rest of its conversation waits its turn", async () => {
  const done: string[] = [];
  let fails = 1;
  await using inbox = start(async (text) => {
    if (text === "one" && fails-- > 0) throw new Error("not yet");
    await Bun.sleep(text === "slow" ? 50 : 0);
    done.push(text);
  });
  await inbox.accept(message("slow", "C7"), () => {});
  await inbox.accept(message("after", "C7"), () => {});
  await inbox.accept(message("one", "C8"), () => {});
  await until(() => done.includes("one"), { timeoutMs: 15_000 });
  expect(done.indexOf("slow")).toBeLessThan(done.indexOf("after"));
});

test("D7: what a bridge that died had taken is taken up by the next", async () => {
  await polaris.database.admin`
    insert into slack_inbox (event_id, org_id, client_id, team_id, place, body, claimed_until)
    values ('EvLeft', ${polaris.caller.org}, ${slack.clientId}, 'T0ACME', 'T0ACME C1',
      ${JSON.stringify(message("left behind"))}::text::jsonb, now() - interval '1 s')`;
  const done: string[] = [];
  await using _inbox = start(async (text) => void done.push(text));
  await until(() => done.includes("left behind"));
});

test("F5: an event of a workspace that nobody here has connected is acknowledged and forgotten", async () => {
  await using inbox = start(async () => {
    throw new Error("handled");
  });
  const before = (await rows()).length;
  let receipts = 0;
  await inbox.accept(message("hello", "C1", "T0OTHER"), () => receipts++);
  expect([receipts, (await rows()).length]).toEqual([1, before]);
});

test("D7: a listener that fails in Bolt is called again with the same event", async () => {
  await using world = await startBridged();
  const { slack, polaris: server } = world;
  await world.say("one");
  await world.said("etl", "one");
  const { admin } = server.database;
  await admin.unsafe("alter table slack_channels rename to slack_channels_away");
  await slack.adminRename("etl", "data-team");
  const failed = () => admin`select attempts from slack_inbox where attempts > 0`;
  // The inbox itself notes where a message stands; a rename is kept without that.
  await until(async () => (await failed()).length > 0);
  await admin.unsafe("alter table slack_channels_away rename to slack_channels");
  await until(async () => (await world.status()).channels[0]?.name === "data-team", {
    timeoutMs: 20_000,
  });
});
