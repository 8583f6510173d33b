import { expect, test } from "bun:test";
import manifest from "../../assets/slack-manifest.json" with { type: "json" };
import type { Injection } from "../../src/wire/injection.ts";
import type { Page } from "../../src/wire/session.ts";
import type { SlackPerson } from "../../src/wire/slack-wishes.ts";
import { as } from "../helpers/people.ts";
import { test as both } from "./both.ts";
import { startWorld, type World } from "./world.ts";

async function withSession(world: World) {
  const machine = world.machine({ project: "etl", name: "s-7a3f" });
  await world.polaris.ingest([machine.head(), machine.line({ text: "begin" })]);
  const card = await world.card("etl", "s-7a3f");
  await world.crowd("etl");
  await world.settled();
  return { machine, card };
}

const asks = {
  kind: "permission.request",
  sender: "agent:claude",
  text: "npm publish",
  body: { name: "Bash" },
};

const injections = async (world: World) =>
  (await world.polaris.json<Page<Injection>>("/projects/etl/sessions/s-7a3f/injections")).items;

const person = async (world: World, id: string) =>
  (await world.polaris.json<Page<SlackPerson>>("/orgs/slack/people")).items.find(
    ({ slackUser }) => slackUser === id,
  );

both(
  "D8: /polaris answers status, sessions, say, follow, quiet, link and help to who asked",
  async (answers) => {
    await using world = await startWorld(answers);
    await world.member("krishna");
    const { machine } = await withSession(world);
    const ask = async (text: string, user = "krishna"): Promise<string> => {
      const { ackPayload } = await world.slack.slash(user, "etl", "/polaris", text);
      expect(ackPayload?.response_type).toBe("ephemeral");
      return String(ackPayload?.text);
    };
    expect(await ask("")).toContain("/polaris say");
    expect(await ask("dance <!channel>")).toStartWith("I do not know `dance`");
    expect(await ask("status")).toContain("1 live, 0 waiting for a human");
    expect(await ask("status")).toContain("You are user:krishna, member.");
    expect(await ask("sessions")).toContain("|etl/s-7a3f>");
    expect(await ask("link")).toContain("You are user:krishna in Polaris (by your address).");
    expect(await ask("say s-7a3f: use RS256")).toBe("Sent to s-7a3f.");
    expect(await injections(world)).toMatchObject([{ text: "use RS256", from: "user:krishna" }]);
    expect(await ask("say nowhere hello")).toContain('There is no session "nowhere"');
    // What was said by command stands in the thread, with its author's name.
    const said = await world.found(() =>
      world.messages("etl").find(({ text }) => text === "use RS256"),
    );
    expect(said.username).toBe("Krishna");
    expect(await ask("quiet s-7a3f")).toContain("s-7a3f is quiet");
    expect(await ask("quiet s-7a3f")).toContain("as its project wishes");
    expect(await ask("quiet")).toContain("Only this project's members");
    expect(await ask("quiet", "manu")).toContain("is quiet");
    expect(await ask("follow s-7a3f")).toContain("You follow s-7a3f");
    await world.polaris.ingest([machine.head(), machine.line(asks)]);
    await world.found(() =>
      [...world.slack.team().channels.values()].some(
        (it) => it.isIm && it.messages.some(({ text }) => String(text).includes("npm publish")),
      ),
    );
  },
);

test("D8: Slack's own hint, /polaris help and docs/slack.md name the same commands, and each is answered", async () => {
  await using world = await startWorld();
  await withSession(world);
  const [command] = manifest.features.slash_commands;
  const verbsOf = (hint = "") =>
    hint.split("|").map(
      (part) =>
        part
          .replace(/[[\]<>]/g, " ")
          .trim()
          .split(/\s+/)[0] ?? "",
    );
  const verbs = verbsOf(command?.usage_hint);
  expect(command?.usage_hint).toContain("link [project]");
  const ask = async (text: string) =>
    String((await world.slack.slash("manu", "etl", "/polaris", text)).ackPayload?.text);
  const help = await ask("help");
  const helped = [...help.matchAll(/`\/polaris ([a-z]+)/g)].map(([, verb]) => verb);
  expect([...helped, "help"]).toEqual(verbs);
  const docs = await Bun.file(new URL("../../docs/slack.md", import.meta.url)).text();
  expect(verbsOf(/`\/polaris (status [^`]*)`/.exec(docs)?.[1])).toEqual(verbs);
  for (const verb of verbs) expect(await ask(verb)).not.toContain("I do not know");
});

both("D8: the card's buttons follow the session and send it a message", async (answers) => {
  await using world = await startWorld(answers);
  await world.member("krishna");
  const { card } = await withSession(world);
  const buttons = card.blocks.at(-1).elements;
  expect(buttons.map((it: { text: { text: string } }) => it.text.text)).toEqual([
    "Open",
    "Follow",
    "Send message",
  ]);
  expect(buttons[0].url).toBe(`${world.polaris.publicUrl}/app/p/etl/s/s-7a3f`);
  await world.slack.click("krishna", "etl", card.ts, "polaris_follow");
  await world.found(() =>
    world.slack.responses.some(({ body }) => String(body.text).startsWith("You follow s-7a3f")),
  );
  await world.slack.click("krishna", "etl", card.ts, "polaris_send");
  const view = await world.found(() => [...world.slack.views.values()][0]);
  const sent = await world.slack.submitView("krishna", view.id, {
    words: { text: { type: "plain_text_input", value: "use RS256" } },
  });
  expect(sent.ackPayload).toBeUndefined();
  expect(await injections(world)).toMatchObject([{ text: "use RS256", from: "user:krishna" }]);
  const empty = await world.slack.submitView("krishna", view.id, {
    words: { text: { value: "" } },
  });
  expect(empty.ackPayload?.response_action).toBe("errors");
});

both("D8: App Home shows what waits for me, what I drive and what else lives", async (answers) => {
  await using world = await startWorld(answers);
  const { machine } = await withSession(world);
  await world.polaris.ingest([machine.head(), machine.line(asks)]);
  await world.settled();
  world.slack.openHome("manu");
  const home = await world.found(() => world.slack.homes.get(world.idOf("manu")));
  const text = JSON.stringify(home.blocks);
  expect(text.match(/etl\/s-7a3f/g)).toHaveLength(2);
  expect(text).not.toContain("Nothing waits for you.");
  expect(home.blocks.length).toBeLessThanOrEqual(100);
});

test("D5: people are linked by a confirmed address, as they come and change, and an admin's word stands over it", async () => {
  await using world = await startWorld();
  const { polaris, slack } = world;
  expect(await world.found(() => person(world, "U0MANU"))).toMatchObject({
    participant: "user:manu",
    linkedBy: "email",
  });
  expect(await person(world, "U0KRISHNA")).toMatchObject({ participant: null, handle: "krishna" });
  // Somebody joins Polaris later: nobody has to do anything.
  await world.member("krishna");
  expect(await person(world, "U0KRISHNA")).toMatchObject({ participant: "user:krishna" });
  await world.member("priya");
  const put = (participant: string | null) =>
    polaris.call("/orgs/slack/people/U0KRISHNA", {
      method: "PUT",
      body: JSON.stringify({ participant }),
    });
  expect((await put("user:nobody")).status).toBe(404);
  expect((await put("user:priya")).status).toBe(200);
  expect(await person(world, "U0KRISHNA")).toMatchObject({
    participant: "user:priya",
    linkedBy: "admin",
  });
  await put(null);
  expect(await person(world, "U0KRISHNA")).toMatchObject({ participant: null, linkedBy: "admin" });
  await polaris.call("/orgs/slack/people/U0KRISHNA", { method: "DELETE" });
  expect(await person(world, "U0KRISHNA")).toMatchObject({ participant: "user:krishna" });
  // An address nobody has confirmed links nobody.
  const member = {
    id: "U0NEW",
    team_id: "T0ACME",
    name: "priya",
    is_email_confirmed: false,
    profile: { email: "priya@example.com", display_name: "Priya" },
  };
  const emit = (type: string, user: object) => {
    const event = { type, user, event_ts: "1" };
    return slack.deliver("events_api", {
      team_id: "T0ACME",
      api_app_id: slack.appId,
      event,
      type: "event_callback",
      event_id: `Ev${crypto.randomUUID()}`,
      authorizations: [{ team_id: "T0ACME", user_id: "U0BOT", is_bot: true }],
    }).settled;
  };
  await emit("team_join", member);
  expect(await world.found(() => person(world, "U0NEW"))).toMatchObject({ participant: null });
  await emit("user_change", { ...member, is_email_confirmed: true });
  await world.found(async () => (await person(world, "U0NEW"))?.participant === "user:priya");
  // Nobody of another workspace is one of us, whatever address Slack shows of them.
  await emit("user_change", { ...member, is_email_confirmed: true, team_id: "T0FAR" });
  await world.found(async () => (await person(world, "U0NEW"))?.kind === "stranger");
  await emit("user_change", { ...member, is_email_confirmed: true });
  await world.found(async () => (await person(world, "U0NEW"))?.participant === "user:priya");
  await emit("user_change", { ...member, is_email_confirmed: true, is_stranger: true });
  await world.found(async () => (await person(world, "U0NEW"))?.participant === null);
});

test("D3, D5: an admin chooses looks and links people on a page of the settings", async () => {
  await using world = await startWorld();
  await withSession(world);
  const krishna = as(world.polaris, await world.member("krishna", "admin"));
  const here = "/app/settings/slack/people";
  const send = (fields: Record<string, string>) =>
    krishna.call(here, { method: "POST", redirect: "manual", body: new URLSearchParams(fields) });
  await world.found(async () => (await krishna.get(here)).body.includes("slack:manu"));
  expect((await send({ act: "wish", layout: "feed", verbosity: "" })).status).toBe(303);
  expect(await world.polaris.json<object>("/orgs/slack/wishes")).toEqual({ layout: "feed" });
  expect((await send({ act: "wish", project: "etl", verbosity: "quiet" })).status).toBe(303);
  expect(await world.polaris.json<object>("/projects/etl/slack")).toEqual({ verbosity: "quiet" });
  expect((await send({ act: "wish", layout: "sideways" })).status).toBe(400);
  const link = { act: "link", person: "U0MANU" };
  expect((await send({ ...link, participant: "user:krishna" })).status).toBe(303);
  expect(await person(world, "U0MANU")).toMatchObject({ participant: "user:krishna" });
  expect((await krishna.get(here)).body).toContain("an admin's word");
  expect((await send({ ...link, participant: "" })).status).toBe(303);
  expect(await person(world, "U0MANU")).toMatchObject({ linkedBy: "email" });
});

/** What the app itself asks of Slack, to set the scene. */
async function asApp(world: World, method: string, args: Record<string, string>): Promise<string> {
  const response = await fetch(new URL(method, world.slack.apiUrl), {
    method: "POST",
    headers: { authorization: `Bearer ${world.slack.team().install?.token}` },
    body: new URLSearchParams(args),
  });
  const { channel } = (await response.json()) as { channel: { id: string } };
  return channel.id;
}

test("D2, D8: /polaris link makes the channel an admin types it in the project's, and nobody else may", async () => {
  await using world = await startWorld();
  await world.member("krishna");
  const { machine } = await withSession(world);
  const id = await asApp(world, "conversations.create", { name: "our-room" });
  const ask = async (user: string, text: string) =>
    String((await world.slack.slash(user, id, "/polaris", text)).ackPayload?.text);
  expect(await ask("krishna", "link etl")).toContain("takes the role admin");
  expect(await ask("manu", "link etl")).toBe("#our-room is the channel of etl from now on.");
  expect(await ask("manu", "link nowhere")).not.toContain("from now on");
  expect(await ask("manu", "status")).toContain("|etl>");
  await world.polaris.ingest([machine.head(), machine.line({ text: "moved in" })]);
  await world.found(() => world.messages("our-room").length > 0);
});

both("D8: a direct message to the app is answered with how to reach a session", async (answers) => {
  await using world = await startWorld(answers);
  await withSession(world);
  const id = await asApp(world, "conversations.open", { users: world.idOf("manu") });
  await world.slack.say(id, "manu", "hello?");
  const messages = () => world.slack.team().channels.get(id)?.messages ?? [];
  await world.found(() => messages().some(({ text }) => String(text).includes("/polaris say")));
  await world.settled();
  expect(messages()).toHaveLength(2);
});

test("D8: a message is sent on from its menu, also out of a thread, as its words are now", async () => {
  await using world = await startWorld();
  const { slack } = world;
  await world.member("krishna");
  await withSession(world);
  const topic = await slack.say("etl", "manu", "s-0000: among us");
  const said = await slack.say("etl", "manu", "<@U0KRISHNA> says RS256", { thread: topic.ts });
  await slack.edit("etl", said.ts, "<@U0KRISHNA> says PS256");
  await slack.messageShortcut("krishna", "etl", said.ts, "polaris_send_message");
  const { body } = await world.found(() =>
    slack.responses.find((it) => String(it.body.text).startsWith("Send this to an agent.")),
  );
  // Slack shows it to who asked alone, under a time of its own.
  slack.ephemerals.push({ ...body, ts: "1900000000.000100", user: "U0KRISHNA" });
  await slack.click("krishna", "etl", "1900000000.000100", "polaris_pick_0");
  await world.found(async () => (await injections(world)).length === 1);
  expect(await injections(world)).toMatchObject([
    { text: "@krishna says PS256", from: "user:krishna" },
  ]);
});
