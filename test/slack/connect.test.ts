import { afterAll, beforeAll, expect } from "bun:test";
import { kidOf } from "../../src/core/seal.ts";
import { reseal } from "../../src/core/slack-tokens.ts";
import { byTeam } from "../../src/core/slack-workspaces.ts";
import { until } from "../../src/lib/until.ts";
import { keysOf } from "../../src/server/keys.ts";
import type { SlackCheck, SlackStatus } from "../../src/wire/slack.ts";
import { as, organisation, type Person, person } from "../helpers/people.ts";
import { type Polaris, SECRET, startPolaris } from "../helpers/polaris.ts";
import {
  ANSWERS,
  type Answers,
  KEYS,
  type Slack,
  startSlackOf,
  startTestBridge,
} from "../helpers/slack.ts";
import { test as both } from "./both.ts";

let slack: Slack;
let polaris: Polaris;
let manu: Person;
let krishna: Person;
/** A server with two organisations beside each workspace. */
async function begin(answers: Answers) {
  const slack = await startSlackOf(answers);
  const polaris = await startPolaris({
    slack: slack.settings,
    // `emulate` sends people back only to addresses that the app has named.
    entrance: { publicUrl: "http://localhost:4321" },
  });
  const manu = await person(polaris.db, polaris.caller.org, "manu", "owner");
  const umbrella = await organisation(polaris.db, "umbrella");
  return { slack, polaris, manu, krishna: await person(polaris.db, umbrella, "krishna", "owner") };
}
const begun = new Map<Answers, Awaited<ReturnType<typeof begin>>>();
beforeAll(async () => {
  for (const answers of ANSWERS) begun.set(answers, await begin(answers));
});
afterAll(async () => {
  for (const each of begun.values()) {
    await each.polaris[Symbol.asyncDispose]();
    await each.slack[Symbol.asyncDispose]();
  }
});
const test = (name: string, flow: () => Promise<void>) =>
  both(name, async (answers) => {
    const here = begun.get(answers);
    if (!here) throw new Error(`nobody began with ${answers}`);
    ({ slack, polaris, manu, krishna } = here);
    await flow();
  });

/** What a browser does when somebody presses Connect Slack and says yes. */
async function consent(who: Person, deny = false): Promise<string> {
  const sent = await as(polaris, who).call("/slack/connect");
  expect(sent.status).toBe(303);
  const { pathname, search } = await slack.agree(sent.headers.get("location") ?? "", { deny });
  return pathname + search;
}
const come = (who: Person, path: string) =>
  as(polaris, who).call(path, { headers: { "sec-fetch-site": "cross-site" } });
const status = (who: Person) =>
  as(polaris, who)
    .call("/orgs/slack")
    .then(async (answer) => (await answer.json()) as SlackStatus);

test("D1: an admin connects a workspace from the settings page, and its token is encrypted", async () => {
  const before = await as(polaris, manu).get("/app/settings/slack");
  expect(before.body).toContain("Connect Slack");
  const done = await come(manu, await consent(manu));
  expect([done.status, done.headers.get("location")]).toEqual([303, "/app/settings/slack"]);
  expect((await status(manu)).workspace).toMatchObject({
    team: slack.team().id,
    name: "Acme",
    missing: [],
  });
  const { token } = (await byTeam(polaris.db, KEYS, slack.team().id)) ?? {};
  expect(token).toStartWith("xoxb-");
  const [row] = await polaris.database.admin`select token from slack_installations`;
  expect(Buffer.from(row.token).toString("latin1")).not.toContain("xoxb");
  const audit = await polaris.json<{ items: { action: string }[] }>("/audit");
  expect(audit.items.map(({ action }) => action)).toContain("slack.connected");
});

test("D1: the way back works once, and only in the browser that began", async () => {
  const back = await consent(manu);
  const other = await person(polaris.db, polaris.caller.org, "priya", "owner");
  expect((await come(other, back)).status).toBe(410);
  expect((await come(manu, back)).status).toBe(303);
  expect((await come(manu, back)).status).toBe(410);
  expect((await come(manu, "/slack/callback?code=1&state=forged")).status).toBe(410);
});

test("D1: who says no at Slack is told so, and nothing has changed", async () => {
  const answer = await come(manu, await consent(manu, true));
  expect(answer.status).toBe(403);
  expect(await answer.text()).toContain("Slack was not connected.");
  expect((await status(manu)).workspace?.state).toBe("live");
});

test("D1: a workspace belongs to one organisation at a time", async () => {
  const refused = await come(krishna, await consent(krishna));
  expect(refused.status).toBe(409);
  expect(await refused.text()).toContain("connected to another organisation");
  expect((await status(krishna)).workspace).toBeNull();
  const gone = await as(polaris, manu).send("DELETE", "/orgs/slack");
  expect(await gone.json()).toEqual({ removed: true });
  expect((await come(krishna, await consent(krishna))).status).toBe(303);
  expect((await status(krishna)).workspace?.team).toBe(slack.team().id);
  expect((await status(manu)).workspace).toBeNull();
  await as(polaris, krishna).send("DELETE", "/orgs/slack");
  expect((await come(manu, await consent(manu))).status).toBe(303);
});

test("D8: the self-test says in words what is missing", async () => {
  // A workspace that was connected just now is given the seconds in which a bridge finds it.
  await polaris.database
    .admin`update slack_installations set updated_at = now() - interval '1 minute'`;
  const test = async () => {
    const answer = await as(polaris, manu).send("POST", "/orgs/slack/checks");
    const { items } = (await answer.json()) as { items: SlackCheck[] };
    return items.filter(({ ok }) => !ok).map(({ name, says }) => `${name}: ${says}`);
  };
  expect(await test()).toEqual([
    "bridge: No bridge is at work: run polaris bridge, or polaris serve without --no-bridge.",
  ]);
  const install = slack.team().install;
  install?.scopes.delete("files:write");
  slack.fault("apps.connections.open", { error: "invalid_auth" });
  const said = await test();
  install?.scopes.add("files:write");
  expect(said.join("\n")).toContain(
    "files:write: Without the scope files:write Polaris cannot put long answers into a file.",
  );
  expect(said.join("\n")).toContain("The app-level token is refused (invalid_auth)");
  const page = await as(polaris, manu).call("/app/settings/slack", {
    method: "POST",
    body: new URLSearchParams({ act: "test" }),
  });
  expect(await page.text()).toContain("1 to mend");
});

test("D8: the link makes the app with everything filled in; a configuration token makes it alone", async () => {
  const { createLink, redirectUri } = await status(manu);
  const link = new URL(createLink);
  expect(link.origin + link.pathname).toBe("https://api.slack.com/apps");
  const manifest = JSON.parse(link.searchParams.get("manifest_json") ?? "");
  expect(manifest.oauth_config.redirect_urls).toEqual([redirectUri]);
  expect(redirectUri).toBe(`${polaris.publicUrl}/slack/callback`);
  expect(createLink.length).toBeLessThan(4000);
  const send = (token: string) => as(polaris, krishna).send("POST", "/orgs/slack/app", { token });
  expect((await send("xoxe.xoxp-1-wrong")).status).toBe(502);
  const made = await send(slack.configToken);
  expect(await made.json()).toEqual({ clientId: slack.clientId });
  expect((await status(krishna)).app).toEqual({
    clientId: slack.clientId,
    isOwn: true,
    hasAppToken: false,
  });
  const form = (fields: Record<string, string>) =>
    as(polaris, krishna).call("/app/settings/slack", {
      method: "POST",
      body: new URLSearchParams(fields),
    });
  expect((await form({ act: "app-token", appToken: "xoxb-wrong" })).status).toBe(400);
  // A token that Slack does not know is said at once; the good one goes on.
  const unknown = await form({ act: "app-token", appToken: "xapp-1-typo" });
  expect(await unknown.text()).toContain("The app-level token is refused (invalid_auth)");
  slack.addAppToken("xapp-1-mine");
  expect((await form({ act: "app-token", appToken: "xapp-1-mine" })).status).toBe(303);
  expect((await status(krishna)).app?.hasAppToken).toBe(true);
  const taken = await as(polaris, manu).send("PUT", "/orgs/slack/app", {
    clientId: slack.clientId,
    clientSecret: "x",
  });
  expect(taken.status).toBe(409);
  await polaris.database.admin`delete from slack_apps`;
});

test("D8: a wrong secret is said when it is entered and when Slack says no, beside the form that mends it", async () => {
  const form = async (fields: Record<string, string>) => {
    const body = new URLSearchParams(fields);
    const answer = await as(polaris, krishna).call("/app/settings/slack", {
      method: "POST",
      redirect: "manual",
      body,
    });
    return { status: answer.status, body: await answer.text() };
  };
  const app = { act: "app", clientId: slack.clientId };
  const wrong = await form({ ...app, clientSecret: "typo", appToken: "xapp-typo" });
  expect(wrong.body).toContain("2 to mend");
  expect(wrong.body).toContain("The app's client secret is wrong");
  expect(wrong.body).toContain("The app-level token is refused");
  const refused = await come(krishna, await consent(krishna));
  expect(refused.status).toBe(502);
  const page = await refused.text();
  expect(page).toContain("copy it again from Basic Information");
  expect(page).toContain('name="clientSecret"');
  const right = { ...app, clientSecret: slack.clientSecret, appToken: slack.appToken };
  expect((await form(right)).status).toBe(303);
  await polaris.database.admin`delete from slack_apps`;
});

test("D1: an installation without a scope is paused and says which", async () => {
  const sent = await as(polaris, manu).call("/slack/connect");
  const narrow = new URL(sent.headers.get("location") ?? "");
  slack.uninstall();
  narrow.searchParams.set("scope", "chat:write,users:read");
  const { pathname, search } = await slack.agree(narrow.href);
  await come(manu, pathname + search);
  const { workspace } = await status(manu);
  expect(workspace?.state).toBe("paused");
  expect(workspace?.missing).toContain("channels:history");
  const { body } = await as(polaris, manu).get("/app/settings/slack");
  expect(body).toContain("The app may not do everything that Polaris needs.");
  await come(manu, await consent(manu));
  expect((await status(manu)).workspace?.state).toBe("live");
});

test("D1: what was encrypted under the old secret is encrypted under the new one", async () => {
  const keys = keysOf(["another secret of the tests, also long enough", SECRET]);
  expect(await reseal(polaris.db, keys)).toBeGreaterThan(0);
  const [row] = await polaris.database
    .admin`select token from slack_installations where removed_at is null`;
  expect(kidOf(row.token)).toBe(keys.current.kid);
  expect((await byTeam(polaris.db, keys, slack.team().id))?.token).toStartWith("xoxb-");
  expect(await reseal(polaris.db, keys)).toBe(0);
  await expect(byTeam(polaris.db, KEYS, slack.team().id)).rejects.toThrow("another secret");
  // A server that lost its secret says so, on the page and in the self-test.
  expect((await status(manu)).workspace?.problem?.word).toBe("secret_lost");
  const answer = await as(polaris, manu).send("POST", "/orgs/slack/checks");
  const { items } = (await answer.json()) as { items: SlackCheck[] };
  expect(items).toMatchObject([{ name: "secret", ok: false }]);
  expect(items[0]?.says).toContain("POLARIS_SECRET");
  await reseal(polaris.db, keysOf([SECRET, "another secret of the tests, also long enough"]));
});

test("D1: who uninstalls the app in Slack has disconnected it here", async () => {
  await using _bridge = startTestBridge(polaris, slack);
  await until(() => slack.connections > 0);
  expect((await status(manu)).workspace?.team).toBe(slack.team().id);
  slack.uninstall();
  await until(async () => (await status(manu)).workspace === null);
  const audit = await polaris.json<{ items: { detail: { why?: string } }[] }>("/audit");
  expect(audit.items[0]?.detail.why).toMatch(/in Slack$/);
});
