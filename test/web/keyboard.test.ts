import { expect, setDefaultTimeout } from "bun:test";
import type { Locator, Page } from "playwright-core";
import { until } from "../../src/lib/until.ts";
import type { Injection } from "../../src/wire/injection.ts";
import type { Project } from "../../src/wire/session.ts";
import { browserTest, openBrowser } from "../helpers/browser.ts";
import { person } from "../helpers/people.ts";
import { type Polaris, startMachine, startPolaris } from "../helpers/polaris.ts";

setDefaultTimeout(90_000);

/** Nobody presses Tab more often than this to get anywhere. */
const FAR = 60;

/** Goes on by Tab until this has the focus, and sees to it that the focus shows. */
async function tabTo(page: Page, target: Locator): Promise<void> {
  const passed: string[] = [];
  for (let press = 0; press < FAR; press++) {
    await page.keyboard.press("Tab");
    const isThere = await target.evaluate((element) => element === document.activeElement);
    if (isThere) {
      const outline = await target.evaluate((element) => getComputedStyle(element).outlineStyle);
      expect([await target.evaluate(({ outerHTML }) => outerHTML), outline]).not.toContain("none");
      return;
    }
    passed.push(
      (await page.evaluate(() => document.activeElement?.textContent ?? "")).slice(0, 40),
    );
  }
  throw new Error(`Tab does not lead to ${target}; it passed ${passed.join(" | ")}`);
}

async function enter(page: Page, key = "Enter"): Promise<void> {
  await page.keyboard.press(key);
  await page.waitForLoadState("load");
}

async function openAs(polaris: Polaris) {
  const owner = await person(polaris.db, polaris.caller.org, "krishna", "owner");
  const open = await openBrowser({ viewport: { width: 1280, height: 900 } });
  const [name = "", value = ""] = owner.headers.cookie.split("=");
  await open.page.context().addCookies([{ name, value, url: polaris.publicUrl }]);
  return open;
}

browserTest(
  "a project is made, renamed, put aside, taken back and deleted by the keyboard alone (E1, E3)",
  async () => {
    await using polaris = await startPolaris();
    await using open = await openAs(polaris);
    const { page } = open;
    const button = (name: string) => page.getByRole("button", { name, exact: true });
    const project = () => polaris.json<Project>("/projects/checkout");

    await page.goto(`${polaris.publicUrl}/app/projects`);
    await tabTo(page, page.locator("summary", { hasText: "New project" }));
    await page.keyboard.press("Enter");
    await tabTo(page, page.getByLabel("Its name in addresses and commands"));
    await page.keyboard.type("checkout");
    await enter(page);
    await page.waitForURL("**/app/p/checkout");

    await tabTo(page, page.getByRole("main").getByRole("link", { name: "Settings" }));
    await enter(page);
    await page.waitForURL("**/app/p/checkout/settings");
    await tabTo(page, page.getByLabel("Name", { exact: true }));
    await page.keyboard.press("Control+A");
    await page.keyboard.type("The checkout");
    await enter(page);
    await page.getByRole("heading", { name: "The checkout" }).waitFor();
    expect((await project()).name).toBe("The checkout");

    await tabTo(page, button("Archive"));
    await enter(page);
    await button("Take back").waitFor();
    expect((await project()).archivedAt).not.toBe(null);
    await tabTo(page, button("Take back"));
    await enter(page, "Space");
    await button("Archive").waitFor();
    expect((await project()).archivedAt).toBe(null);

    await tabTo(page, page.getByLabel("Type checkout"));
    await page.keyboard.type("checkout");
    await tabTo(page, button("Delete for ever"));
    await enter(page);
    await page.waitForURL("**/app/projects");
    expect((await polaris.call("/projects/checkout")).status).toBe(404);
    expect(open.complaints).toEqual([]);
  },
  90_000,
);

browserTest(
  "a session is found, read and advised by the keyboard alone, and the keys are told (E1, E4, C2)",
  async () => {
    await using polaris = await startPolaris();
    const machine = startMachine({ project: "checkout", name: "s-0001" });
    await polaris.ingest([
      machine.head(),
      machine.line({ text: "first", body: { origin: "user" } }),
      machine.line({ text: "second", body: { origin: "user" } }),
    ]);
    await using open = await openAs(polaris);
    const { page } = open;
    await page.goto(`${polaris.publicUrl}/app`);
    await page.locator("[data-live=live]").waitFor();
    await page.keyboard.press("?");
    const help = page.getByRole("dialog");
    await help.waitFor();
    expect(await help.textContent()).toContain("search");
    await page.keyboard.press("Escape");
    await help.waitFor({ state: "hidden" });

    await page.keyboard.press("j");
    await page.keyboard.press("o");
    await page.waitForURL("**/s/s-0001");
    await page.locator("[data-live=live]").waitFor();
    await page.keyboard.press("i");
    await page.keyboard.type("Mind j, k and f.");
    await page.keyboard.press("Enter");
    const sent = async () =>
      (await polaris.json<{ items: Injection[] }>("/projects/checkout/sessions/s-0001/injections"))
        .items;
    await until(async () => (await sent()).length === 1);
    expect((await sent())[0]).toMatchObject({ text: "Mind j, k and f.", from: "user:krishna" });
    // Out of the box again, its keys are the page's.
    await page.keyboard.press("Escape");
    await page.keyboard.press("g");
    await page.keyboard.press("p");
    await page.waitForURL("**/app/projects");
    await page.keyboard.press("/");
    await page.waitForURL("**/app/search*");
    // The browser gives the focus when it first draws the page.
    await until(async () => (await page.evaluate(() => document.activeElement?.id)) === "q");
    expect(open.complaints).toEqual([]);
  },
  90_000,
);
