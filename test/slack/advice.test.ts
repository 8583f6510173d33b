import { describe, expect } from "bun:test";
import type { StoredEvent } from "../../src/wire/event.ts";
import type { Injection } from "../../src/wire/injection.ts";
import type { Page } from "../../src/wire/session.ts";
import type { Json } from "../doubles/slack/model.ts";
import { test } from "./both.ts";
import { startWorld, type World } from "./world.ts";

/** A project with a session on a machine that listens, seen in Slack. */
async function withSession(world: World, name = "s-7a3f", driver = "user:manu") {
  const machine = world.machine({ project: "etl", name });
  await world.polaris.ingest([machine.head({ driver }), machine.line({ text: "begin" })]);
  const card = await world.card("etl", name);
  await world.settled();
  await world.crowd("etl");
  return { machine, card };
}

const injections = async (world: World, session = "s-7a3f"): Promise<Injection[]> =>
  (await world.polaris.json<Page<Injection>>(`/projects/etl/sessions/${session}/injections`)).items;

const one = (world: World, session?: string) =>
  world.found(async () => (await injections(world, session))[0]);

const reactions = (world: World, ts: string): string[] =>
  world
    .messages("etl")
    .find((it) => it.ts === ts)
    ?.reactions?.map((it: { name: string }) => it.name) ?? [];

const whispers = (world: World): string[] => world.slack.ephemerals.map(({ text }) => String(text));

test("D4: a reply in a session's thread is advice of whoever wrote it, with receipts where it was written", async (answers) => {
  await using world = await startWorld(answers);
  await world.member("krishna");
  const { machine, card } = await withSession(world);
  const said = await world.slack.say(
    "etl",
    "krishna",
    "use RS256 &amp; not <https://a.example|HS256>",
    {
      thread: card.ts,
    },
  );
  const advice = await one(world);
  expect(advice).toMatchObject({
    from: "user:krishna",
    via: "slack",
    text: "use RS256 & not HS256 (https://a.example)",
    state: "queued",
  });
  await world.found(() => reactions(world, said.ts).includes("eyes"));
  const report = (kind: string, more: object = {}) =>
    machine.line({
      kind,
      sender: "agent:claude",
      body: { injection: advice.id, route: "socket" },
      ...more,
    });
  await world.polaris.ingest([
    machine.head(),
    report("injection.delivered"),
    report("injection.seen"),
  ]);
  await world.found(() => reactions(world, said.ts).includes("white_check_mark"));
  await world.polaris.ingest([machine.head(), report("injection.answered", { text: "Done so." })]);
  const answer = await world.found(() =>
    world.replies("etl", card.ts).find(({ text }) => text === "Done so."),
  );
  expect(answer.username).toBe("Claude");
  await world.settled();
  // The words stand in Slack once: as their author wrote them.
  expect(world.messages("etl").filter(({ text }) => String(text).includes("RS256"))).toHaveLength(
    1,
  );
});

test("D4: in the channel a session's name, its driver or a mention says who is meant", async (answers) => {
  await using world = await startWorld(answers);
  await world.member("krishna");
  await withSession(world, "s-7a3f");
  await withSession(world, "s-1111", "user:krishna");
  await world.slack.say("etl", "krishna", "s-7a3f: by name");
  await world.slack.say("etl", "krishna", "@manu by driver");
  await world.slack.say("etl", "krishna", `<@${world.idOf("manu")}> by mention`);
  await world.found(async () => (await injections(world)).length === 3);
  expect((await injections(world)).map(({ text }) => text).sort()).toEqual([
    "by driver",
    "by mention",
    "by name",
  ]);
  expect(await injections(world, "s-1111")).toHaveLength(0);
});

test("D4: text for nobody gets a private hint with a button for each live session, which sends it", async (answers) => {
  await using world = await startWorld(answers);
  await world.member("krishna");
  await withSession(world);
  const said = await world.slack.say("etl", "krishna", "is anybody there?");
  const hint = await world.found(() => world.slack.ephemerals[0]);
  expect(hint.user).toBe(world.idOf("krishna"));
  expect(hint.text).toContain("Nobody was addressed.");
  const picked = await clickIn(world, hint, "polaris_pick_0");
  expect(picked.state).toBe("acked");
  expect(await one(world)).toMatchObject({ text: "is anybody there?", from: "user:krishna" });
  await world.found(() => reactions(world, said.ts).includes("eyes"));
});

test("D4: what people say among themselves, the app and other apps is nobody's advice", async (answers) => {
  await using world = await startWorld(answers);
  await world.member("krishna");
  const { card } = await withSession(world);
  const topic = await world.slack.say("etl", "krishna", "lunch?");
  await world.found(() => world.slack.ephemerals.length === 1);
  await world.slack.say("etl", "manu", "yes", { thread: topic.ts });
  await world.slack.say("etl", "krishna", "last", { thread: card.ts });
  await world.found(async () => (await injections(world)).length === 1);
  await world.settled();
  expect(world.slack.ephemerals).toHaveLength(1);
});

test("C4: an edit before delivery edits the advice, a deletion recalls it, too late is said", async (answers) => {
  await using world = await startWorld(answers);
  await world.member("krishna");
  const { machine, card } = await withSession(world);
  const first = await world.slack.say("etl", "krishna", "use HS256", { thread: card.ts });
  await one(world);
  await world.slack.edit("etl", first.ts, "use RS256");
  const edited = await world.found(async () =>
    (await injections(world)).find(({ text }) => text === "use RS256"),
  );
  await world.slack.remove("etl", first.ts);
  await world.found(async () =>
    (await injections(world)).some(({ id, state }) => id === edited.id && state === "recalled"),
  );
  const second = await world.slack.say("etl", "krishna", "use PS256", { thread: card.ts });
  const late = await world.found(async () =>
    (await injections(world)).find(({ text }) => text === "use PS256"),
  );
  const body = { injection: late.id, route: "socket" };
  const line = { kind: "injection.delivered", sender: "agent:claude", body };
  await world.polaris.ingest([machine.head(), machine.line(line)]);
  await world.slack.edit("etl", second.ts, "use ES256");
  await world.found(() => whispers(world).some((text) => text.startsWith("Too late")));
});

test("C4: advice that failed is said to its author alone, with the reason", async (answers) => {
  await using world = await startWorld(answers);
  await world.member("krishna");
  const { machine, card } = await withSession(world);
  const said = await world.slack.say("etl", "krishna", "hello", { thread: card.ts });
  const advice = await one(world);
  const body = { injection: advice.id, reason: "the session has ended" };
  await world.polaris.ingest([
    machine.head(),
    machine.line({ kind: "injection.failed", sender: "agent:claude", body }),
  ]);
  await world.found(() => reactions(world, said.ts).includes("x"));
  await world.found(() =>
    world.slack.ephemerals.find(
      (it) =>
        it.user === world.idOf("krishna") && String(it.text).includes("the session has ended"),
    ),
  );
  // It found a chance all the same: one sign, the true one.
  const seen = { injection: advice.id, route: "hook" };
  await world.polaris.ingest([
    machine.head(),
    machine.line({ kind: "injection.delivered", sender: "agent:claude", body: seen }),
    machine.line({ kind: "injection.seen", sender: "agent:claude", body: seen }),
  ]);
  await world.found(() => reactions(world, said.ts).includes("white_check_mark"));
  await world.found(() => !reactions(world, said.ts).includes("x"));
});

describe("C5: who may advise from Slack", () => {
  test("linked people by default; others are told privately how", async (answers) => {
    await using world = await startWorld(answers);
    const { card } = await withSession(world);
    await world.slack.say("etl", "krishna", "let me in", { thread: card.ts });
    await world.found(() => whispers(world).some((text) => text.includes("linked to none")));
    expect(await injections(world)).toHaveLength(0);
  });

  test("everybody of the workspace as slack:<name>, where the project wishes it; guests and strangers not", async (answers) => {
    await using world = await startWorld(answers);
    const { card } = await withSession(world);
    await world.patch("/projects/etl/slack", { advice: "channel" });
    await world.slack.say("etl", "krishna", "let me in", { thread: card.ts });
    expect(await one(world)).toMatchObject({ from: "slack:krishna", text: "let me in" });
    world.slack.addGuest("priya");
    await world.member("priya");
    await world.crowd("etl");
    await world.slack.say("etl", "priya", "me too", { thread: card.ts });
    await world.found(() => whispers(world).some((text) => text.startsWith("Guests")));
    expect(await injections(world)).toHaveLength(1);
  });

  test("a viewer may not, and nobody where advice is off", async (answers) => {
    await using world = await startWorld(answers);
    await world.member("krishna", "viewer");
    const { card } = await withSession(world);
    await world.slack.say("etl", "krishna", "a viewer", { thread: card.ts });
    await world.found(() => whispers(world).some((text) => text.includes("takes the role member")));
    await world.patch("/projects/etl/slack", { advice: "off" });
    await world.slack.say("etl", "manu", "the owner", { thread: card.ts });
    await world.found(() => whispers(world).some((text) => text.includes("takes no advice")));
    expect(await injections(world)).toHaveLength(0);
  });

  test("what Slack tells twice is advice once", async (answers) => {
    await using world = await startWorld(answers);
    await world.member("krishna");
    const { card } = await withSession(world);
    await world.slack.say("etl", "krishna", "once", { thread: card.ts });
    await one(world);
    const delivery = world.slack.deliveries.findLast((it) => it.payload.event?.text === "once");
    const again = { ...delivery?.payload, event_id: "Ev0AGAIN" };
    await world.slack.deliver("events_api", again).settled;
    // What is said in one channel is handled in its order: after this the repetition is through.
    await world.slack.say("etl", "krishna", "after it", { thread: card.ts });
    await world.found(async () => (await injections(world)).some((it) => it.text === "after it"));
    const events = await world.polaris.messages("/projects/etl");
    const queued = events.filter(({ kind }: StoredEvent) => kind === "injection.queued");
    expect(queued.map(({ text }) => text)).toEqual(["once", "after it"]);
  });
});

/** A click in a message that only one person sees. */
const clickIn = (world: World, message: Json, id: string) =>
  world.slack.click("krishna", "etl", message.ts, id);
