import { expect, setDefaultTimeout } from "bun:test";
import type { Page } from "playwright-core";
import type { Project } from "../../src/wire/session.ts";
import type { SlackWishes } from "../../src/wire/slack-wishes.ts";
import { browserTest, launch } from "../helpers/browser.ts";
import { as, type Person, person } from "../helpers/people.ts";
import { type Polaris, startMachine, startPolaris } from "../helpers/polaris.ts";
import { startWorld } from "../slack/world.ts";
import { findings, LOOKS, signedIn } from "./pages.ts";

setDefaultTimeout(60_000);

async function openAs(polaris: Polaris, who: Person) {
  const browser = await launch();
  const page = await (await signedIn(browser, polaris.publicUrl, who)).newPage();
  await page.goto(`${polaris.publicUrl}/app/p/checkout/settings`);
  return { browser, page, [Symbol.asyncDispose]: () => browser.close() };
}

const section = (page: Page, heading: string) =>
  page.locator("section", { has: page.getByRole("heading", { name: heading, exact: true }) });

async function press(page: Page, heading: string, button: string): Promise<void> {
  const form = section(page, heading).getByRole("button", { name: button, exact: true });
  await Promise.all([page.waitForEvent("load"), form.click()]);
}

browserTest(
  "its people say who may advise, and whether pull requests are told (C10, E3, E7)",
  async () => {
    await using polaris = await startPolaris();
    const krishna = await person(polaris.db, polaris.caller.org, "krishna", "admin");
    const priya = as(polaris, await person(polaris.db, polaris.caller.org, "priya", "member"));
    const machine = startMachine({ project: "checkout", name: "s-0001" });
    await polaris.ingest([machine.head(), machine.line()]);
    const advise = async () =>
      (await priya.send("POST", "/projects/checkout/sessions/s-0001/inject", { text: "hint" }))
        .status;
    expect(await advise()).toBe(202);
    await using open = await openAs(polaris, krishna);
    const { page } = open;
    for (const [setting, status] of [
      ["off", 403],
      ["linked", 403],
      ["members", 202],
    ] as const) {
      await page.getByLabel("Who may advise").selectOption(setting);
      await press(page, "Who may advise its sessions", "Change");
      expect(await page.getByLabel("Who may advise").inputValue()).toBe(setting);
      expect(await advise()).toBe(status);
    }
    const told = async () => (await polaris.json<Project>("/projects/checkout")).pullRequests;
    expect(await told()).toBe(true);
    await press(page, "Pull requests", "Tell them no more");
    expect(await told()).toBe(false);
    await press(page, "Pull requests", "Tell them");
    expect(await told()).toBe(true);
  },
);

browserTest("what a shorter term would delete is said before anything is (E3, I7)", async () => {
  await using polaris = await startPolaris();
  const krishna = await person(polaris.db, polaris.caller.org, "krishna", "admin");
  const machine = startMachine({ project: "checkout", name: "s-0001" });
  await polaris.ingest([machine.head(), machine.line(), machine.line(), machine.line()]);
  await polaris.database.admin`
    update events set received_at = received_at - interval '40 days' where seq <= 2`;
  await using open = await openAs(polaris, krishna);
  const { page } = open;
  await page.getByLabel("How long it is kept").selectOption("30");
  await press(page, "How long it is kept", "What would go?");
  const said = section(page, "How long it is kept").getByRole("status");
  expect(await said.textContent()).toContain("Kept for 30 days, 2 events of 1 session (");
  const kept = async () => (await polaris.json<Project>("/projects/checkout")).retentionDays;
  expect(await kept()).toBe(null);
  expect((await polaris.messages("/projects/checkout")).length).toBe(3);
  // The term that was asked about stands chosen: one press more, and it holds.
  await press(page, "How long it is kept", "Change");
  expect(await kept()).toBe(30);
  await page.getByLabel("How long it is kept").selectOption("90");
  await press(page, "How long it is kept", "What would go?");
  expect(await said.textContent()).toContain("Kept for 90 days, nothing would go now.");
});

browserTest("its channel in Slack, and how its sessions look there (D5, E3)", async () => {
  await using world = await startWorld();
  const { polaris } = world;
  const krishna = await person(polaris.db, polaris.caller.org, "krishna", "admin");
  const machine = startMachine({ project: "checkout", name: "s-0001" });
  await polaris.ingest([machine.head(), machine.line()]);
  await world.card("checkout");
  await using open = await openAs(polaris, krishna);
  const { page } = open;
  expect(await section(page, "Slack").textContent()).toContain("Told in #checkout of ");
  await page.getByText("How its sessions look there").click();
  await page.getByLabel("Layout").selectOption("feed");
  await page.getByLabel("How much is told").selectOption("quiet");
  await press(page, "Slack", "Keep");
  const wishes = () => polaris.json<SlackWishes>("/projects/checkout/slack");
  expect(await wishes()).toEqual({ layout: "feed", verbosity: "quiet" });
  await page.getByLabel("Layout").selectOption("");
  await press(page, "Slack", "Keep");
  expect(await wishes()).toEqual({ verbosity: "quiet" });
  await page.getByLabel("Another channel").fill("C0NOWHERE0");
  await press(page, "Slack", "Use this channel");
  expect(await page.getByRole("alert").textContent()).toContain("Slack does not show the channel");
  await page.getByLabel("Another channel").waitFor();
});

browserTest("a project's settings read in both themes, at desk and on the phone (J3)", async () => {
  await using polaris = await startPolaris();
  const krishna = await person(polaris.db, polaris.caller.org, "krishna", "admin");
  await polaris.post("/projects", { slug: "checkout" });
  const browser = await launch();
  await using _ = { [Symbol.asyncDispose]: () => browser.close() };
  for (const look of LOOKS) {
    const page = await (await signedIn(browser, polaris.publicUrl, krishna, look)).newPage();
    await page.goto(`${polaris.publicUrl}/app/p/checkout/settings?retentionDays=30`);
    expect(await findings(page)).toEqual([]);
  }
});
