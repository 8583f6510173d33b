import { expect, test } from "bun:test";
import type { AuditRow } from "../../src/wire/audit.ts";
import type { Injection } from "../../src/wire/injection.ts";
import type { Page } from "../../src/wire/session.ts";
import type { SlackStatus } from "../../src/wire/slack.ts";
import { as } from "../helpers/people.ts";
import { startWorld, type World } from "./world.ts";

/** A session, and a guest and another app in its channel. */
async function withOutsiders(world: World) {
  const machine = world.machine({ project: "etl", name: "s-7a3f" });
  await world.polaris.ingest([machine.head(), machine.line({ text: "begin" })]);
  const card = await world.card("etl", "s-7a3f");
  world.slack.addUser("T0ACME", { id: "U0GUEST", name: "priya", isRestricted: true });
  world.slack.addUser("T0ACME", { id: "U0OTHER", name: "deploys", isBot: true });
  await world.crowd("etl");
  await world.settled();
  return card;
}

const injections = async (world: World): Promise<Injection[]> =>
  (await world.polaris.json<Page<Injection>>("/projects/etl/sessions/s-7a3f/injections")).items;

/** What another app posts, as Slack tells it: with the id of its bot. */
const appSays = (world: World, text: string, thread: string, ts: string) => {
  const channel = world.channel("etl")?.id;
  const said = { type: "message", user: "U0OTHER", bot_id: "B0OTHER", text, ts, channel };
  return world.slack.deliver("events_api", {
    team_id: "T0ACME",
    api_app_id: world.slack.appId,
    event: { ...said, thread_ts: thread, event_ts: ts },
    type: "event_callback",
    event_id: `Ev${crypto.randomUUID()}`,
    authorizations: [{ team_id: "T0ACME", user_id: "U0BOT", is_bot: true }],
  }).settled;
};

test("C5, D4: guests and other apps advise only where an admin lets them in", async () => {
  await using world = await startWorld();
  const { ts: thread } = await withOutsiders(world);
  const wish = (outsiders: string) => world.patch("/projects/etl/slack", { outsiders });
  const guestSays = (text: string) => world.slack.say("etl", "U0GUEST", text, { thread });
  const told = () => world.slack.ephemerals.filter(({ user }) => user === "U0GUEST");

  await appSays(world, "app by default", thread, "1900000001.000100");
  await guestSays("guest by default");
  await world.found(() => told().some(({ text }) => String(text).startsWith("Guests")));
  expect(await injections(world)).toHaveLength(0);

  expect((await wish("guests")).status).toBe(200);
  await appSays(world, "app among guests", thread, "1900000002.000100");
  await guestSays("guest let in");
  await world.found(async () => (await injections(world)).length === 1);
  expect(await injections(world)).toMatchObject([{ text: "guest let in", from: "slack:priya" }]);

  expect((await wish("all")).status).toBe(200);
  await appSays(world, "app let in", thread, "1900000003.000100");
  await world.found(async () =>
    (await injections(world)).some((it) => it.text === "app let in" && it.from === "slack:deploys"),
  );
  expect(await injections(world)).toHaveLength(2);
  expect(world.slack.ephemerals.filter(({ user }) => user === "U0OTHER")).toHaveLength(0);
});

test("C5, D4: people of other companies advise only where an admin lets all in, whoever they say they are", async () => {
  await using world = await startWorld();
  const { ts: thread, blocks } = await withOutsiders(world);
  // Somebody of another workspace with the address of a member here: no address makes a stranger one of us.
  const stranger = { id: "U0FAR", name: "far", email: "manu@example.com", home: "T0FAR" };
  world.slack.addUser("T0ACME", stranger);
  await world.crowd("etl");
  const say = (text: string, more = {}) => world.slack.say("etl", "U0FAR", text, more);
  const told = () =>
    world.slack.ephemerals.filter((it) => it.user === "U0FAR").map(({ text }) => String(text));
  const refusals = () => told().filter((text) => text.startsWith("People of other companies"));
  await world.patch("/projects/etl/slack", { advice: "channel", outsiders: "guests" });

  await say("in the thread", { thread });
  await world.found(() => refusals().length === 1);
  expect(
    world.slack.deliveries.findLast((it) => it.payload.event?.user === "U0FAR")?.payload,
  ).toMatchObject({
    team_id: "T0FAR",
    context_team_id: "T0ACME",
    is_ext_shared_channel: true,
  });
  await say("s-7a3f: by name");
  await world.found(() => refusals().length === 2);
  // Whoever looks at the settings is told that others read along.
  const { channels } = await world.polaris.json<SlackStatus>("/orgs/slack");
  expect(channels).toMatchObject([{ project: "etl", isShared: true }]);
  // Who only talks there is told once, and offered nothing.
  await say("for nobody");
  await world.found(() => refusals().length === 3);
  await say("nor this");
  await say("s-7a3f: after it");
  await world.found(() => refusals().length === 4);
  // The card's buttons stand in the shared channel too.
  expect(JSON.stringify(blocks)).toContain("polaris_send");
  await world.slack.click("U0FAR", "etl", thread, "polaris_send");
  const view = [...world.slack.views.values()][0];
  if (view) {
    const sent = await world.slack.submitView("U0FAR", view.id, {
      words: { text: { type: "plain_text_input", value: "by the card" } },
    });
    expect(sent.ackPayload?.errors?.words).toStartWith("People of other companies");
  }
  await world.settled();
  expect(await injections(world)).toHaveLength(0);

  await world.patch("/projects/etl/slack", { outsiders: "all" });
  await say("let in", { thread });
  await world.found(async () => (await injections(world)).length === 1);
  expect(await injections(world)).toMatchObject([{ text: "let in", from: "slack:far" }]);
  expect(told()).toHaveLength(4);
});

test("C5: letting outsiders in takes an admin, also in a project of one's own", async () => {
  await using world = await startWorld();
  const krishna = as(world.polaris, await world.member("krishna"));
  const made = await krishna.call("/projects", {
    method: "POST",
    body: JSON.stringify({ slug: "mine", name: "Mine" }),
  });
  expect(made.status).toBe(201);
  const patch = (change: object) =>
    krishna.call("/projects/mine/slack", { method: "PATCH", body: JSON.stringify(change) });
  expect((await patch({ layout: "feed" })).status).toBe(200);
  expect((await patch({ outsiders: "all" })).status).toBe(403);
  expect((await patch({ outsiders: null, layout: "thread" })).status).toBe(200);
  const form = (outsiders: string) =>
    krishna.call("/app/p/mine/settings", {
      method: "POST",
      redirect: "manual",
      body: new URLSearchParams({ act: "wish", outsiders }),
    });
  expect((await form("all")).status).toBe(403);
  expect(await world.polaris.json<object>("/projects/mine/slack")).toEqual({ layout: "thread" });

  expect((await world.patch("/projects/mine/slack", { outsiders: "guests" })).status).toBe(200);
  // Who may not let them in may not send them out either: it is the admin's word.
  expect((await patch({ outsiders: null })).status).toBe(403);
  const { items } = await world.polaris.json<Page<AuditRow>>("/audit");
  const [row] = items.filter(({ target, detail }) => target === "mine" && "outsiders" in detail);
  expect(row).toMatchObject({
    action: "slack.changed",
    actor: "user:manu",
    detail: { outsiders: "guests" },
  });
});

test("C5, F4: who is linked to nobody sees the project of the channel they are in, and no other", async () => {
  await using world = await startWorld();
  await withOutsiders(world);
  const web = world.machine({ project: "web", name: "s-0002" });
  await world.polaris.ingest([web.head(), web.line({ text: "elsewhere" })]);
  await world.card("web", "s-0002");
  await world.patch("/projects/web/slack", { advice: "channel" });
  await world.patch("/projects/etl/slack", { advice: "channel" });
  const ask = async (place: string, text: string) =>
    String((await world.slack.slash("U0GUEST", place, "/polaris", text)).ackPayload?.text);
  expect(await ask("etl", "sessions")).toContain("|etl/s-7a3f>");
  expect(await ask("etl", "sessions")).not.toContain("s-0002");
  expect(await ask("general", "sessions")).toBe("No session is live.");
  expect(await ask("etl", "say s-0002 hello")).toContain('There is no session "s-0002"');
  expect(await ask("etl", "follow s-0002")).toContain("There is no such session");
  world.slack.openHome("U0GUEST");
  const home = await world.found(() => world.slack.homes.get("U0GUEST"));
  expect(JSON.stringify(home.blocks)).not.toMatch(/s-7a3f\|?>|s-0002/);
  // Somebody of the workspace who is linked to nobody: the same, in the channel where they may advise.
  const krishna = async (place: string, text: string) =>
    String((await world.slack.slash("U0KRISHNA", place, "/polaris", text)).ackPayload?.text);
  expect(await krishna("web", "sessions")).toContain("|web/s-0002>");
  expect(await krishna("etl", "say s-0002 hello")).toContain("There is no session");
  expect(await krishna("web", "say s-0002 hello")).toBe("Sent to s-0002.");
});
