import { expect } from "bun:test";
import { until } from "../../src/lib/until.ts";
import { startClient } from "../../src/slack/call.ts";
import { startMachine } from "../helpers/polaris.ts";
import { test } from "./both.ts";
import { startBridged } from "./bridged.ts";

const has = (name: string) => (all: { name: string }[]) => all.some((each) => each.name === name);

test("D2: a name that is taken, also by an archived or a deleted channel, gets a prefix, then a number", async (answers) => {
  await using world = await startBridged(answers);
  const { slack } = world;
  const team = slack.team();
  await slack.addChannel("etl");
  await slack.adminArchive("etl");
  await slack.addChannel("p-etl");
  await slack.adminDelete("p-etl");
  await world.say("one");
  await until(() => has("etl-2")([...team.channels.values()]));
  expect((await world.said("etl-2", "one")).text).toBe("user:manu: one");
  const { channels } = await world.status();
  expect(channels).toMatchObject([{ project: "etl", name: "etl-2", state: "live" }]);
});

test("D2: the id is the truth: a renamed channel goes on, and its new name is known", async (answers) => {
  await using world = await startBridged(answers);
  await world.say("one");
  await world.said("etl", "one");
  await world.slack.adminRename("etl", "data-team");
  await until(async () => (await world.status()).channels[0]?.name === "data-team");
  await world.say("two");
  await world.said("data-team", "two");
  expect(world.texts("etl")).toEqual([]);
});

test("D2: an archived channel stops its project's mirror and says so; unarchived, nothing is missing", async (answers) => {
  await using world = await startBridged(answers);
  const other = startMachine({ project: "web", name: "s-0002" });
  await world.say("one");
  await world.said("etl", "one");
  await world.slack.adminArchive("etl");
  await until(async () => (await world.status()).channels[0]?.state === "archived");
  await world.say("two");
  await world.say("elsewhere", other);
  await world.said("web", "elsewhere");
  const { channels } = await world.status();
  expect(channels[0]?.problem).toMatchObject({
    says: "The channel is archived.",
    remedy: "Unarchive it in Slack, or let Polaris make a new one.",
  });
  await world.slack.adminUnarchive("etl");
  await world.said("etl", "two");
  expect(world.texts("etl").filter((text) => text.includes("user:manu"))).toEqual([
    "user:manu: one",
    "user:manu: two",
  ]);
});

test("D2: of a deleted channel the id is forgotten; a new one begins with what was missed", async (answers) => {
  await using world = await startBridged(answers);
  await world.say("one");
  await world.said("etl", "one");
  await world.slack.adminDelete("etl");
  await until(async () => (await world.status()).channels[0]?.state === "gone");
  await world.say("two");
  expect((await world.status()).channels[0]).toMatchObject({ channel: null });
  const answer = await world.polaris.call("/projects/etl/slack/channel", { method: "DELETE" });
  expect(answer.status).toBe(200);
  await until(() => world.texts("p-etl").length >= 1);
  await world.said("p-etl", "two");
  expect(world.texts("p-etl").filter((text) => text.includes("one"))).toEqual([]);
});

test("D2: sent out of a public channel, the app comes back once; the rest is said", async (answers) => {
  await using world = await startBridged(answers);
  await world.say("one");
  await world.said("etl", "one");
  await world.slack.kickBot("etl");
  await world.say("two");
  await world.said("etl", "two");
  expect(world.slack.channel("etl").members).toContain(world.slack.team().install?.botUserId ?? "");
});

test("D2: where apps may not make channels, an admin links one, also a private one", async (answers) => {
  await using world = await startBridged(answers);
  const { slack, polaris } = world;
  slack.team().restrictChannelCreation = true;
  await world.say("one");
  await until(async () => (await world.status()).channels[0]?.state === "paused");
  expect((await world.status()).channels[0]?.problem).toMatchObject({ word: "restricted_action" });
  const link = (channel: string) =>
    polaris.call("/projects/etl/slack/channel", {
      method: "PUT",
      body: JSON.stringify({ channel }),
    });
  const secret = await slack.addChannel("data-private", { isPrivate: true });
  const refused = await link(secret.id);
  expect(refused.status).toBe(409);
  expect(await refused.text()).toContain("/invite @Polaris");
  await slack.inviteBot(secret.id);
  expect(await (await link(`https://acme.slack.com/archives/${secret.id}`)).json()).toEqual({
    channel: secret.id,
    name: "data-private",
  });
  await world.said("data-private", "one");
  const web = startMachine({ project: "web", name: "s-0002" });
  await world.say("elsewhere", web);
  const twice = await polaris.call("/projects/web/slack/channel", {
    method: "PUT",
    body: JSON.stringify({ channel: secret.id }),
  });
  expect(twice.status).toBe(409);
});

test("D2, D7: a channel that was made just before a crash is found again, not made twice", async (answers) => {
  await using world = await startBridged(answers);
  const { slack } = world;
  slack.fault("conversations.create", { status: 504, apply: true });
  await world.say("one");
  await world.said("etl", "one", 20_000);
  const named = [...slack.team().channels.values()].filter(({ name }) => name.includes("etl"));
  expect(named.map(({ name }) => name)).toEqual(["etl"]);
});

test("D2, D7: a channel that a slower bridge makes for the same project meanwhile is the one", async (answers) => {
  await using world = await startBridged(answers);
  const { slack } = world;
  const { admin } = world.polaris.database;
  // What is said was read before there was a channel, and takes a second to be claimed.
  await admin.unsafe(`
    create function dawdle() returns trigger language plpgsql as $$
      begin perform pg_sleep(1); return new; end $$;
    create trigger dawdle before update on slack_outbox for each row
      when (new.attempts > old.attempts) execute function dawdle();`);
  await world.say("one");
  await until(
    async () =>
      (
        await admin`select from pg_stat_activity where wait_event = 'PgSleep' and
    datname = current_database()`
      ).length > 0,
  );
  const { channel } = await startClient(
    slack.apiUrl,
    slack.team().install?.token ?? "",
  ).conversations.create({
    name: "etl",
  });
  await admin`update slack_channels set channel = ${channel?.id}, state = 'live'`;
  await world.said("etl", "one");
  const named = [...slack.team().channels.values()].filter(({ name }) => name.includes("etl"));
  expect(named.map(({ name }) => name)).toEqual(["etl"]);
});
