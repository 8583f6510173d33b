/** The classes of docs/slack.md, What Slack refuses: each word of Slack's, and what becomes of what was to be said. */
import { afterAll, beforeAll, beforeEach, expect, test } from "bun:test";
import { placeOf } from "../../src/core/slack-channels.ts";
import { enqueue, type Write } from "../../src/core/slack-outbox.ts";
import { until } from "../../src/lib/until.ts";
import { as, person } from "../helpers/people.ts";
import { connectSlack } from "../helpers/slack.ts";
import { type Bridged, startBridged } from "./bridged.ts";

let world: Bridged;
let send: (act: string) => Promise<Response>;
let place = "";
beforeAll(async () => {
  world = await startBridged("our Slack", { app: { tokenRotation: true } });
  await world.say("the first");
  await world.said("etl", "the first");
  const { polaris } = world;
  const krishna = as(polaris, await person(polaris.db, polaris.caller.org, "krishna", "admin"));
  send = (act) =>
    krishna.call("/app/p/etl/settings", {
      method: "POST",
      redirect: "manual",
      body: new URLSearchParams({ act }),
    });
  const [project] = await polaris.database.admin`select id from projects where slug = 'etl'`;
  const at = { org: polaris.caller.org, team: "T0ACME", project: project.id, name: "etl" };
  place = (await polaris.db.as(at.org, (tx) => placeOf(tx, at))).id;
});
afterAll(() => world[Symbol.asyncDispose]());
beforeEach(() => world.slack.requests.splice(0));

async function ask(...writes: (Pick<Write, "key"> & Partial<Write>)[]): Promise<void> {
  const { db, caller } = world.polaris;
  await db.as(caller.org, async (tx) => {
    for (const write of writes) {
      const post = { method: "post", payload: { text: write.key } } as const;
      const to = { channel: place };
      await enqueue(tx, { org: caller.org, team: "T0ACME", to, ...post, ...write });
    }
  });
  world.bridge.kick(caller.org);
}
const row = async (key: string) => {
  const [found] = await world.polaris.database
    .admin`select state, error, helped, attempts from slack_outbox where key = ${key}`;
  return found;
};
const ended = (key: string, timeoutMs = 15_000) =>
  until(async () => ["done", "dropped"].includes((await row(key))?.state) && row(key), {
    timeoutMs,
    what: `${key} to end`,
  });
const times = (text: string) => world.texts("etl").filter((each) => each === text).length;
const of = (text: string) => (args: { text?: string }) => args.text === text;
const channel = async () => (await world.status()).channels.find((it) => it.project === "etl");
const stands = (word: string) => until(async () => (await channel())?.problem?.word === word);

test("D7: what Slack puts off is sent again, once: rate_limited, service_unavailable, request_timeout", async () => {
  const words = ["ratelimited", "rate_limited", "service_unavailable", "request_timeout"];
  for (const error of words) world.slack.fault("chat.postMessage", { error, match: of(error) });
  // Each in a thread of its own, so that they wait side by side.
  await ask(...words.map((word) => ({ key: `root ${word}` })));
  await ask(...words.map((word) => ({ key: word, thread: `root ${word}` })));
  for (const word of words) {
    expect(await ended(word, 30_000)).toMatchObject({ state: "done", helped: false });
    expect(times(word)).toBe(1);
  }
}, 60_000);

test.each([
  ["unavailable", { status: 503 }],
  ["out of service", { error: "service_unavailable" }],
])(
  "D7: however often Slack is %s, nothing that was to be said is given up",
  async (text, fault) => {
    const { admin } = world.polaris.database;
    const is = { ...fault, match: of(text) };
    world.slack.fault("chat.postMessage", is);
    await ask({ key: text });
    await until(async () => (await row(text))?.error);
    world.slack.fault("chat.postMessage", is);
    await admin`update slack_outbox set attempts = 500, not_before = now() where key = ${text}`;
    await until(async () => (await row(text))?.attempts === 501, { timeoutMs: 5000 });
    await until(async () => {
      const [it] =
        await admin`select not_before > now() as later from slack_outbox where key = ${text}`;
      return it?.later;
    });
    expect((await row(text))?.state).not.toBe("dropped");
    await admin`update slack_outbox set not_before = now() where key = ${text}`;
    expect(await ended(text)).toMatchObject({ state: "done" });
    expect(times(text)).toBe(1);
  },
);

test.each(["msg_too_long", "invalid_blocks", "msg_blocks_too_long", "markdown_text_conflict"])(
  "D6: after %s the same is said in plain text, once",
  async (error) => {
    world.slack.fault("chat.postMessage", { error, match: of(error) });
    const blocks = [{ type: "divider" }];
    await ask({ key: error, payload: { text: error, blocks } });
    expect(await ended(error)).toMatchObject({ state: "done" });
    const said = world.slack.channel("etl").messages.filter(({ text }) => text === error);
    expect(said.map((it) => it.blocks)).toEqual([undefined]);
  },
);

test.each(["thread_not_found", "cannot_reply_to_message"])(
  "D3: after %s the reply opens a new thread, and the next stand in it",
  async (error) => {
    const [root, one, two] = [`root ${error}`, `one ${error}`, `two ${error}`];
    await ask({ key: root });
    await ended(root);
    world.slack.fault("chat.postMessage", { error, match: of(one) });
    await ask({ key: one, thread: root }, { key: two, thread: root });
    await ended(two);
    const find = (text: string) =>
      world.slack.channel("etl").messages.find((it) => it.text === text);
    expect(find(two)?.thread_ts).toBe(find(one)?.ts);
    expect(find(one)?.thread_ts ?? find(one)?.ts).toBe(find(one)?.ts);
  },
);

test("D2: after not_in_channel Polaris joins and says it; where it may not, the project waits until it is invited", async () => {
  world.slack.fault("chat.postMessage", { error: "not_in_channel", match: of("joined") });
  await ask({ key: "joined" });
  expect(await ended("joined")).toMatchObject({ state: "done" });
  expect(world.slack.calls("conversations.join")).toHaveLength(1);

  world.slack.fault("chat.postMessage", { error: "not_in_channel", times: 2, match: of("out") });
  await ask({ key: "out" }, { key: "after out" });
  await stands("not_in_channel");
  expect((await channel())?.problem?.remedy).toContain("/invite @Polaris");
  expect([times("out"), times("after out")]).toEqual([0, 0]);
  expect((await send("slack-again")).status).toBe(303);
  await ended("after out");
  expect([times("out"), times("after out")]).toEqual([1, 1]);
});

test.each([
  ["channel_not_found", "slack-again"],
  ["restricted_action", "slack-again"],
  ["restricted_action_read_only_channel", "slack-again"],
  ["restricted_action_thread_locked", "slack-again"],
  ["user_is_restricted", "slack-again"],
  ["message_limit_exceeded", "slack-again"],
  ["is_archived", "slack-anew"],
])(
  "D7: after %s the project waits with a remedy, no other does, and nothing is lost",
  async (error, act) => {
    const [text, next] = [`while ${error}`, `then ${error}`];
    world.slack.fault("chat.postMessage", { error, match: of(text) });
    await ask({ key: text }, { key: next });
    await stands(error);
    const { problem } = (await channel()) ?? {};
    expect(problem?.says).not.toContain("Slack says:");
    expect(problem?.remedy).not.toBe("");
    await ask({ key: `direct ${error}`, to: { id: "U0KRISHNA" } });
    await ended(`direct ${error}`);
    expect((await row(next)).state).toBe("waiting");
    expect((await send(act)).status).toBe(303);
    await ended(next);
    const said = [...world.slack.team().channels.values()].flatMap(({ messages }) => messages);
    expect(
      said.filter((it) => [text, next].includes(String(it.text))).map((it) => it.text),
    ).toEqual([text, next]);
  },
);

test("D2: when no name is free for its channel the project waits, and nothing is lost", async () => {
  const { slack, polaris } = world;
  slack.fault("conversations.create", { error: "name_taken", times: 11 });
  await polaris.post("/projects", { slug: "web" });
  const [project] = await polaris.database.admin`select id from projects where slug = 'web'`;
  const at = { org: polaris.caller.org, team: "T0ACME", project: project.id, name: "web" };
  const web = await polaris.db.as(at.org, (tx) => placeOf(tx, at));
  await ask({ key: "no name", to: { channel: web.id } });
  const found = () =>
    world.status().then(({ channels }) => channels.find((it) => it.project === "web"));
  await until(async () => (await found())?.problem?.word === "name_taken", { timeoutMs: 20_000 });
  expect((await row("no name")).state).toBe("waiting");
});

test("D7: a token that cannot be renewed stops the workspace until somebody connects it again", async () => {
  world.slack.fault("chat.postMessage", { error: "token_expired", match: of("not renewed") });
  world.slack.fault("oauth.v2.access", { error: "invalid_refresh_token" });
  await ask({ key: "not renewed" });
  await until(async () => (await world.status()).workspace?.state === "paused");
  expect((await world.status()).workspace?.problem).toMatchObject({
    word: "token_expired",
    remedy: expect.stringContaining("Connect Slack again"),
  });
  await connectSlack(world.polaris.db, world.slack, world.polaris.caller);
  await ended("not renewed");
  expect(times("not renewed")).toBe(1);
});

test("D7: an expired token is renewed, and what was to be said is said once", async () => {
  world.slack.expireTokens();
  // Several at once, in threads of their own: each refresh token works once.
  const keys = ["renewed 1", "renewed 2", "renewed 3", "renewed 4"];
  await ask(...keys.map((key) => ({ key, thread: "root ratelimited" })));
  await ask(...keys.map((key) => ({ key: `direct ${key}`, to: { id: "U0KRISHNA" } })));
  for (const key of keys) expect(await ended(key)).toMatchObject({ state: "done" });
  expect(keys.map(times)).toEqual([1, 1, 1, 1]);
  expect(world.slack.calls("oauth.v2.access")).toHaveLength(1);
  expect(world.slack.calls("chat.postMessage").filter(({ ok }) => !ok).length).toBeLessThan(9);
});

test.each([
  "not_authed",
  "no_permission",
  "org_login_required",
  "ekm_access_denied",
  "team_access_not_granted",
  "access_denied",
])("D7: after %s the workspace waits with a remedy", async (error) => {
  world.slack.fault("chat.postMessage", { error, match: of(error) });
  await ask({ key: error });
  await until(async () => (await world.status()).workspace?.problem?.word === error);
  expect((await world.status()).workspace?.problem?.says).not.toContain("Slack says:");
  await connectSlack(world.polaris.db, world.slack, world.polaris.caller);
  await ended(error);
  expect(times(error)).toBe(1);
});

test("D7: what a dead bridge was sending is not sent twice because Slack puts the look-up off", async () => {
  await ask({ key: "taken over" });
  await ended("taken over");
  const { admin } = world.polaris.database;
  await admin`delete from slack_posts where key = 'taken over'`;
  world.slack.fault("conversations.history", { retryAfter: 1, times: 2 });
  await admin`
    update slack_outbox set state = 'sending', fence = 0, claimed_at = now() - interval '1 minute',
      payload = '{"text": "taken over"}' where key = 'taken over'`;
  await until(async () => world.slack.calls("conversations.history").length >= 2);
  expect(await ended("taken over")).toMatchObject({ state: "done", helped: true });
  expect(times("taken over")).toBe(1);
});
