import { expect, setDefaultTimeout } from "bun:test";
import type { Page } from "playwright-core";
import { browserTest, launch } from "../helpers/browser.ts";
import { as } from "../helpers/people.ts";
import { startWorld, type World } from "../slack/world.ts";
import { findings, LOOKS, signedIn } from "./pages.ts";

setDefaultTimeout(60_000);

/** The team's page, open before an admin, and a session of etl that Slack shows. */
async function openTeam(world: World) {
  const { polaris } = world;
  const krishna = await world.member("krishna", "admin");
  const machine = world.machine({ project: "etl", name: "s-7a3f" });
  const say = (text: string) => polaris.ingest([machine.head(), machine.line({ text })]);
  await say("one");
  await world.card("etl", "s-7a3f");
  await world.settled();
  const browser = await launch();
  const context = await signedIn(browser, polaris.publicUrl, krishna);
  const page = await context.newPage();
  await page.goto(`${polaris.publicUrl}/app`);
  return { browser, page, krishna, say, [Symbol.asyncDispose]: () => browser.close() };
}

const alert = (page: Page) => page.getByRole("alert");
const press = (page: Page, name: string) =>
  Promise.all([page.waitForEvent("load"), page.getByText(name, { exact: true }).click()]);
const told = (world: World, channel: string, text: string) =>
  world.found(() => world.messages(channel).find((it) => it.text === text));

browserTest(
  "a project that stands still in Slack is told on the open team's page, and the button mends it (D2, D7)",
  async () => {
    await using world = await startWorld();
    await using open = await openTeam(world);
    const { page, say, krishna } = open;
    expect(await alert(page).count()).toBe(0);
    await world.slack.adminArchive("etl");
    await alert(page).waitFor();
    expect(await alert(page).textContent()).toStartWith("Slack, etl: The channel is archived.");
    await say("while it is archived");
    // Who may mend nothing is told the same, and offered nothing.
    const priya = as(world.polaris, await world.member("priya"));
    const { body } = await priya.get("/app/p/etl");
    expect(body).toContain("The channel is archived.");
    expect(body).toContain("An admin can do it.");
    expect(body).not.toContain("slack-anew");
    for (const look of LOOKS) {
      const seen = await signedIn(open.browser, world.polaris.publicUrl, krishna, look);
      const other = await seen.newPage();
      await other.goto(`${world.polaris.publicUrl}/app`);
      await alert(other).waitFor();
      expect(await findings(other)).toEqual([]);
      await seen.close();
    }

    await press(page, "Make a new channel");
    await told(world, "p-etl", "while it is archived");
    await page.goto(`${world.polaris.publicUrl}/app`);
    expect(await alert(page).count()).toBe(0);
  },
);

browserTest(
  "what was mended in Slack is tried again with a button, and nothing is missing (D2, D7)",
  async () => {
    await using world = await startWorld();
    await using open = await openTeam(world);
    const { page, say } = open;
    world.slack.fault("chat.postMessage", { error: "message_limit_exceeded", times: 2 });
    await say("over the limit");
    await alert(page).waitFor();
    expect(await alert(page).textContent()).toContain("message limit");
    await press(page, "Try again");
    // Slack says no once more: so does the page.
    await page.goto(`${world.polaris.publicUrl}/app`);
    await alert(page).waitFor();
    await press(page, "Try again");
    await told(world, "etl", "over the limit");
    await page.goto(`${world.polaris.publicUrl}/app`);
    expect(await alert(page).count()).toBe(0);
  },
);

browserTest(
  "a workspace that refuses us is told on the team's page, and Reconnect Slack mends it (D1, D7)",
  async () => {
    await using world = await startWorld();
    await using open = await openTeam(world);
    const { page, say } = open;
    world.slack.fault("chat.postMessage", { error: "token_revoked" });
    await say("while refused");
    await alert(page).waitFor();
    expect(await alert(page).textContent()).toStartWith(
      "Slack: The workspace took its permission back.",
    );
    await press(page, "Reconnect Slack");
    expect(new URL(page.url()).pathname).toBe("/app/settings/slack");
    await told(world, "etl", "while refused");
    await page.goto(`${world.polaris.publicUrl}/app`);
    expect(await alert(page).count()).toBe(0);
  },
);

browserTest(
  "a refused app token is told on the team's page, which says where a new one goes (D1, D8)",
  async () => {
    await using world = await startWorld();
    await using open = await openTeam(world);
    const { page } = open;
    world.slack.fault("apps.connections.open", { error: "invalid_auth", times: 1000 });
    world.slack.kill();
    await alert(page).waitFor();
    expect(await alert(page).textContent()).toStartWith(
      "Slack: The app-level token is refused (invalid_auth)",
    );
    await press(page, "Slack settings");
    expect(await alert(page).textContent()).toContain("App-Level Tokens");
    world.slack.mend("apps.connections.open");
    await page.goto(`${world.polaris.publicUrl}/app`);
    await alert(page).waitFor({ state: "detached" });
  },
);
