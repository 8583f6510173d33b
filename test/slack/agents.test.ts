import { expect, test } from "bun:test";
import * as apiTokens from "../../src/core/api-tokens.ts";
import type { Agent, AgentMessage } from "../../src/wire/agent.ts";
import type { Page, Session } from "../../src/wire/session.ts";
import { as } from "../helpers/people.ts";
import { followEvents } from "../helpers/sse.ts";
import { test as both } from "./both.ts";
import { startWorld, type World } from "./world.ts";

const DEAN = {
  name: "dean",
  display: "Dean",
  icon: ":owl:",
  description: "reviews migrations",
  skills: ["sql"],
  tags: ["backend"],
};

const tokenOf = (world: World, participant: string) =>
  apiTokens.mint(world.polaris.db, world.polaris.caller, {
    name: "agent",
    scopes: ["read", "ingest", "inject"],
    participant,
  });

test("H1: an organisation keeps a registry of its agents", async () => {
  await using world = await startWorld();
  const { polaris } = world;
  const made = await polaris.post("/orgs/agents", DEAN);
  expect(made.status).toBe(201);
  expect(await made.json()).toMatchObject({ ...DEAN, participant: "agent:dean" });
  expect((await polaris.post("/orgs/agents", DEAN)).status).toBe(409);
  const bad = [{ name: "Dean" }, { name: "x", icon: "javascript:alert(1)" }, { name: "" }];
  for (const wrong of bad) expect((await polaris.post("/orgs/agents", wrong)).status).toBe(400);
  await world.patch("/orgs/agents/dean", { tags: ["backend", "etl"] });
  const { items } = await polaris.json<Page<Agent>>("/orgs/agents");
  expect(items.map(({ name, tags }) => [name, tags])).toEqual([["dean", ["backend", "etl"]]]);
  const { secret } = await tokenOf(world, "agent:dean");
  expect((await polaris.call("/me", { as: secret })).status).toBe(200);
  expect((await polaris.call("/orgs/agents/dean", { method: "DELETE" })).status).toBe(204);
  expect((await polaris.call("/orgs/agents/dean")).status).toBe(404);
  // What spoke as the agent speaks no more.
  expect((await polaris.call("/me", { as: secret })).status).toBe(401);
  const { items: rows } = await polaris.json<Page<{ action: string }>>("/audit");
  expect(rows.map(({ action }) => action)).toContain("agent.removed");
});

both("H2: agent:dean.snowflake speaks as Dean, with Dean's face", async (answers) => {
  await using world = await startWorld(answers);
  const { polaris } = world;
  await polaris.post("/orgs/agents", DEAN);
  const { secret } = await tokenOf(world, "agent:dean.snowflake");
  const init = { as: secret, method: "POST" };
  await polaris.call("/projects/etl/sessions", {
    ...init,
    body: JSON.stringify({ name: "s-0001" }),
  });
  const path = "/projects/etl/sessions/s-0001/events";
  const say = (kind: string, text: string) =>
    polaris.call(path, {
      ...init,
      body: JSON.stringify({ sender: "agent:dean.snowflake", kind, text }),
    });
  expect((await say("agent.message", "Three tables lack a key.")).status).toBeLessThan(300);
  const said = await world.found(() =>
    world.messages("etl").find(({ text }) => text === "Three tables lack a key."),
  );
  expect([said.username, said.icons?.emoji]).toEqual(["Dean", ":owl:"]);
  const priya = as(polaris, await world.member("priya", "admin"));
  const page = await priya.get("/app/p/etl/s/s-0001");
  expect(page.body).toContain("<b>Dean</b>");
  const list = await priya.get("/app/settings/agents");
  expect(list.body).toContain("reviews migrations");
});

both(
  "H2: lists and sessions in the dashboard show Dean's name and picture, as Slack does",
  async (answers) => {
    await using world = await startWorld(answers);
    const { polaris } = world;
    await polaris.post("/orgs/agents", DEAN);
    const address = "https://pictures.example/fay;x.png?size=64";
    await polaris.post("/orgs/agents", { name: "fay", display: "Fay", icon: address });
    const machine = world.machine({ project: "etl", name: "s-0001" });
    const seat = { agent: "agent:dean.snowflake", driver: "agent:fay" };
    await polaris.ingest([machine.head(seat), machine.line({ text: "begin" })]);
    const priya = as(polaris, await world.member("priya"));
    await world.found(async () => (await priya.get("/app/search?q=begin")).body.includes("s-0001"));
    for (const path of ["/app", "/app/p/etl", "/app/p/etl/s/s-0001", "/app/search?q=begin"]) {
      const page = await priya.call(path);
      const body = await page.text();
      const seen = body.slice(body.indexOf("<body"), body.indexOf('type="application/json"'));
      expect(seen).toContain('title="agent:dean.snowflake"');
      expect(seen.replace(/<[^>]+>/g, " ").replace(/\s+/g, " ")).toMatch(/Fay.*→ 🦉 Dean/);
      expect(seen).toContain('src="https://pictures.example/fay;x.png?size=64"');
      // The page may load this picture and no other.
      expect(page.headers.get("content-security-policy")).toContain(
        "img-src 'self' data: https://pictures.example/fay%3Bx.png;",
      );
    }
    const shared = await polaris.post("/projects/etl/sessions/s-0001/shares", { days: 1 });
    const { url } = (await shared.json()) as { url: string };
    expect(await (await fetch(url)).text()).toContain("Fay → Dean");
    const { items } = await polaris.json<Page<Session>>("/projects/etl/sessions");
    expect(items[0]).toMatchObject({
      agent: "agent:dean.snowflake",
      agentFace: { display: "Dean", icon: ":owl:" },
      driverFace: { display: "Fay" },
    });
  },
);

test("H1: admins make and remove agents on a page of the settings", async () => {
  await using world = await startWorld();
  const priya = as(world.polaris, await world.member("priya", "admin"));
  const send = (fields: Record<string, string>) =>
    priya.call("/app/settings/agents", {
      method: "POST",
      redirect: "manual",
      body: new URLSearchParams(fields),
    });
  const made = await send({ act: "create", name: "dean", icon: "🦉", skills: "sql, review" });
  expect(made.status).toBe(303);
  const { body } = await priya.get("/app/settings/agents");
  expect(body).toContain("agent:dean");
  expect(body).toContain("sql, review");
  const change = {
    act: "change",
    name: "dean",
    display: "Dean II",
    icon: "🦉",
    tags: "Backend, sql",
  };
  expect((await send(change)).status).toBe(303);
  expect(await world.polaris.json<Agent>("/orgs/agents/dean")).toMatchObject({
    display: "Dean II",
    tags: ["Backend", "sql"],
    skills: [],
  });
  const twice = await send({ act: "create", name: "dean" });
  expect(twice.status).toBe(409);
  expect(await twice.text()).toContain("There is an agent &quot;dean&quot; already.");
  expect((await send({ act: "remove", name: "dean" })).status).toBe(303);
  expect((await priya.get("/app/settings/agents")).body).not.toContain("agent:dean<");
});

both(
  "H3: @dean in Slack reaches the agent's inbox and stream, and the answer comes back to the thread as Dean",
  async (answers) => {
    await using world = await startWorld(answers);
    const { polaris, slack } = world;
    await world.member("krishna");
    await polaris.post("/orgs/agents", DEAN);
    const { secret } = await tokenOf(world, "agent:dean");
    const call = (path: string, init: RequestInit = {}) =>
      polaris.call(path, { ...init, as: secret });
    const machine = world.machine({ project: "etl" });
    await polaris.ingest([machine.head(), machine.line({ text: "begin" })]);
    await world.card("etl");
    await world.crowd("etl");
    await using stream = await followEvents({ call }, "/agents/inbox/events?after=0");
    const said = await slack.say("etl", "krishna", "@dean please look at the schema");
    const told = await world.found(() => stream.events[0] as unknown as AgentMessage | undefined);
    expect(told).toMatchObject({
      agent: "dean",
      project: "etl",
      from: "user:krishna",
      fromName: "Krishna",
      text: "please look at the schema",
    });
    await slack.edit("etl", said.ts, "@dean please look at the code");
    await world.found(() =>
      slack.ephemerals.find(({ text }) => String(text).startsWith("Too late: the agent has it")),
    );
    const page = (await (await call("/agents/inbox")).json()) as Page<AgentMessage>;
    expect(page.items.map(({ id }) => id)).toEqual([told.id]);
    const answer = JSON.stringify({ text: "It lacks **three** keys." });
    const path = `/agents/inbox/${told.id}/answers`;
    expect((await call(path, { method: "POST", body: answer })).status).toBe(200);
    expect((await call(path, { method: "POST", body: answer })).status).toBe(404);
    const reply = await world.found(() => world.replies("etl", said.ts)[0]);
    expect([reply.username, reply.text]).toEqual(["Dean", "It lacks **three** keys."]);
    // Nobody else reads what Dean is told.
    expect((await polaris.call("/agents/inbox")).status).toBe(403);
    const other = await tokenOf(world, "agent:other");
    const theirs = await polaris.json<Page<AgentMessage>>("/agents/inbox", { as: other.secret });
    expect(theirs.items).toEqual([]);
  },
);

both("H3: @dean goes into the session that Dean works in, when there is one", async (answers) => {
  await using world = await startWorld(answers);
  await world.member("krishna");
  await world.polaris.post("/orgs/agents", DEAN);
  const machine = world.machine({ project: "etl", name: "s-0001" });
  await world.polaris.ingest([
    machine.head({ agent: "agent:dean.snowflake" }),
    machine.line({ text: "begin" }),
  ]);
  await world.card("etl");
  await world.crowd("etl");
  await world.slack.say("etl", "krishna", "@dean use RS256");
  const path = "/projects/etl/sessions/s-0001/injections";
  const [advice] = await world.found(async () => {
    const { items } = await world.polaris.json<Page<{ text: string; from: string }>>(path);
    return items.length > 0 && items;
  });
  expect(advice).toMatchObject({ text: "use RS256", from: "user:krishna" });
});

test("H1: an agent is at home in the projects that have one of its tags, and offered there where nobody was addressed", async () => {
  await using world = await startWorld();
  const { polaris, slack } = world;
  await world.member("krishna");
  await polaris.post("/orgs/agents", { ...DEAN, tags: ["Backend", "sql"] });
  await polaris.post("/orgs/agents", { name: "fay", tags: ["frontend"] });
  const { secret } = await tokenOf(world, "agent:dean");
  const machine = world.machine({ project: "etl", name: "s-7a3f" });
  await polaris.ingest([machine.head(), machine.line({ text: "begin" })]);
  await world.card("etl", "s-7a3f");
  await world.crowd("etl");
  const offered = async (text: string) => {
    const said = await slack.say("etl", "krishna", text);
    const before = slack.ephemerals.length;
    const hint = await world.found(() => slack.ephemerals[before]);
    const [, actions] = hint.blocks;
    const names = actions.elements.map((it: { text: { text: string } }) => it.text.text);
    return { said, hint, names };
  };
  expect((await offered("without tags")).names).toEqual(["s-7a3f"]);

  await world.patch("/projects/etl", { tags: ["backend", "data"] });
  const { said, hint, names } = await offered("who knows the schema?");
  expect(names).toEqual(["s-7a3f", "Dean · @dean"]);
  expect(hint.text).toContain("For whom is it?");
  await slack.click("krishna", "etl", hint.ts, "polaris_pick_1");
  const items = await world.found(async () => {
    const told = await polaris.json<Page<AgentMessage>>("/agents/inbox", { as: secret });
    return told.items.length > 0 && told.items;
  });
  expect(items).toMatchObject([{ text: "who knows the schema?", from: "user:krishna" }]);
  await world.found(() =>
    world.messages("etl").some((it) => it.ts === said.ts && it.reactions?.[0]?.name === "eyes"),
  );
  const { ackPayload } = await slack.slash("krishna", "etl", "/polaris", "status");
  expect(ackPayload?.text).toContain("At home here: Dean (`@dean`).");
  const priya = as(polaris, await world.member("priya"));
  const { body } = await priya.get("/app/p/etl");
  expect(body).toContain("Dean");
  expect(body).not.toContain("Fay");
  const named = await polaris.json<Page<Agent>>("/orgs/agents?project=etl");
  expect(named.items.map(({ name }) => name)).toEqual(["dean"]);
});
