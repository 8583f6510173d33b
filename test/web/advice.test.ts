import { expect, setDefaultTimeout } from "bun:test";
import type { Page } from "playwright-core";
import { until } from "../../src/lib/until.ts";
import type { Injection } from "../../src/wire/injection.ts";
import type { Session } from "../../src/wire/session.ts";
import { type Advice, startAdvice } from "../advice/world.ts";
import { browserTest, openBrowser } from "../helpers/browser.ts";
import type { Person } from "../helpers/people.ts";

setDefaultTimeout(60_000);

/** The session's page, as this person's browser shows it, once it is live. */
async function open(world: Advice, page: Page, who: Person): Promise<void> {
  const [name = "", value = ""] = who.headers.cookie.split("=");
  await page.context().addCookies([{ name, value, url: world.url }]);
  await page.goto(`${world.url}/app/p/etl/s/s-0001`);
  await until(async () => (await page.locator("[data-live=live]").count()) === 1);
}

const last = async (world: Advice): Promise<Injection> => {
  const { items } = await world.json<{ items: Injection[] }>(`${world.path}/injections`);
  const [newest] = items;
  if (!newest) throw new Error("no advice yet");
  return newest;
};

browserTest(
  "C4: a teammate advises from the session's page and sees each step of the receipt as it happens",
  async () => {
    await using world = await startAdvice();
    await using browser = await openBrowser();
    const { page } = browser;
    await open(world, page, world.krishna);
    await page.keyboard.press("i");
    await page.keyboard.type("Mind the limits.");
    await page.keyboard.press("Enter");
    const box = page.getByRole("region", { name: "Advise" });
    const stands = (state: string) =>
      until(async () => (await box.locator(`[data-advice=${state}]`).count()) === 1);
    await stands("queued");
    await until(async () => (await page.getByLabel("Your advice").inputValue()) === "");
    const { id } = await last(world);
    expect(await world.injection(id)).toMatchObject({ from: "user:krishna", via: "web" });

    // Other words, while nobody has them.
    const card = page.getByRole("article", { name: "Advice" });
    await card.getByRole("button", { name: "Edit" }).click();
    await card.getByLabel("Other words").fill("Mind the rate limits.");
    await card.getByRole("button", { name: "Save" }).click();
    await until(async () => (await world.injection(id)).text === "Mind the rate limits.");
    await until(async () => (await card.textContent())?.includes("Mind the rate limits."));

    await world.report("delivered", { injection: id, route: "socket" });
    await stands("delivered");
    expect(await card.getByRole("button", { name: "Edit" }).count()).toBe(0);
    await world.report("seen", { injection: id, route: "socket", evidence: "hook" });
    await stands("seen");
    await world.report("answered", { injection: id }, { text: "They are in the config now." });
    await stands("answered");
    const told = (await card.textContent()) ?? "";
    expect(told).toContain("queued → edited → delivered → seen by the agent → answered");
    expect(told).toContain("They are in the config now.");

    // Not delivered, with the reason; and taken back.
    await page.getByLabel("Your advice").fill("And the timeouts.");
    await box.getByRole("button", { name: "Send" }).click();
    await stands("queued");
    const lost = await last(world);
    await world.report("failed", { injection: lost.id, reason: "The agent gave no sign of it." });
    await stands("failed");
    expect(await box.textContent()).toContain("not delivered: The agent gave no sign of it.");
    // It may find a chance yet; until then it is its sender's.
    expect(await page.getByRole("button", { name: "Edit" }).count()).toBe(0);
    await page.getByRole("button", { name: "Take back" }).click();
    await stands("recalled");
    await page.getByLabel("Your advice").fill("Never mind.");
    await box.getByRole("button", { name: "Send" }).click();
    await stands("queued");
    await page.getByRole("button", { name: "Take back" }).click();
    await stands("recalled");
    expect(browser.complaints).toEqual([]);
  },
  60_000,
);

browserTest(
  "C5: what an agent advises stands on the page as its, not as its person's own words",
  async () => {
    await using world = await startAdvice();
    await world.inject("Which port is it?", { via: "mcp" });
    await using browser = await openBrowser();
    await open(world, browser.page, world.krishna);
    const card = browser.page.getByRole("article", { name: "Advice" });
    await until(async () => (await card.textContent())?.includes("advises, by an agent"));
    await world.inject("Say it.", { via: "cli" });
    await until(async () => (await card.count()) === 2);
    expect(await card.last().textContent()).not.toContain("by an agent");
  },
  60_000,
);

browserTest(
  "B2: the seat is claimed, handed over and released from the page, and advice muted",
  async () => {
    await using world = await startAdvice();
    await using browser = await openBrowser({ viewport: { width: 1400, height: 900 } });
    const { page } = browser;
    await open(world, page, world.krishna);
    const seat = page.getByRole("region", { name: "Seat" });
    const press = (name: string) => seat.getByRole("button", { name, exact: true }).click();
    const drives = (who: string | null) =>
      until(async () => (await world.json<Session>(world.path)).driver === who);

    await press("Take the seat");
    await until(async () => (await seat.textContent())?.includes('user:manu drives "s-0001".'));
    await press("Take it as an admin");
    await until(async () => (await seat.textContent())?.includes("Only an admin takes the seat"));
    await world.post(`${world.path}/handoff`, {});
    await press("Claim the seat");
    await drives("user:krishna");
    await seat.getByText("polaris join etl s-0001 --continue").waitFor();
    await press("Mute advice");
    await until(async () => (await world.json<Session>(world.path)).muted);
    expect((await world.inject("hey", {}, world.priya)).status).toBe(403);
    await press("Take advice again");
    await until(async () => !(await world.json<Session>(world.path)).muted);
    await seat.getByText("Hand over to…").click();
    await seat.getByLabel("Who").selectOption("user:priya");
    await press("Hand over");
    await drives("user:priya");
    await until(async () => {
      const told = (await page.locator("main").textContent()) ?? "";
      return (
        told.includes("krishna gave the seat to priya") && told.includes("manu gave up the seat")
      );
    });
    expect(await seat.getByRole("button", { name: "Mute advice" }).count()).toBe(0);
    // Two answers were refusals, which the console tells.
    expect(browser.complaints.every((each) => /409|403/.test(each))).toBe(true);
  },
  60_000,
);
