import { expect, setDefaultTimeout, test } from "bun:test";
import axe from "axe-core";
import type { Page } from "playwright-core";
import { until } from "../../src/lib/until.ts";
import { chromiumPath, startBrowser } from "./browser.ts";
import { CONVERSATION, events } from "./sample.ts";
import { startSite } from "./site.ts";

declare global {
  interface Window {
    axe: typeof axe;
  }
}

setDefaultTimeout(60_000);

const PATHS = [
  "/",
  "/sign-in",
  "/claim",
  "/app",
  "/app/new",
  "/app/projects",
  "/app/projects/empty",
  "/app/p/checkout",
  "/app/p/checkout/s/s-7a3f",
  "/nowhere",
];

interface Finding {
  rule: string;
  where: string[];
}

/** Every finding of axe, the mild ones too, with the elements it means. */
async function findings(page: Page): Promise<Finding[]> {
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate(async () => await window.axe.run());
  return violations.map(({ id, nodes }) => ({ rule: id, where: nodes.map(({ html }) => html) }));
}

test.skipIf(!chromiumPath)(
  "every page is accessible in both themes, at desk and phone width",
  async () => {
    await using site = await startSite(events(CONVERSATION));
    await using browser = await startBrowser();
    for (const colorScheme of ["light", "dark"] as const) {
      for (const viewport of [
        { width: 1440, height: 900 },
        { width: 390, height: 844 },
      ]) {
        // The policy forbids foreign scripts; axe is one, so this context alone goes without.
        const context = await browser.newContext({ colorScheme, viewport, bypassCSP: true });
        const page = await context.newPage();
        for (const path of PATHS) {
          await page.goto(site.url + path);
          if (path.includes("/s/")) {
            await until(async () => (await page.locator("[data-live=live]").count()) === 1);
            await page.evaluate(() => {
              for (const fold of document.querySelectorAll("details")) fold.open = true;
            });
            await until(async () => (await page.locator(".terminal").count()) === 2);
          }
          expect({ path, colorScheme, found: await findings(page) }).toEqual({
            path,
            colorScheme,
            found: [],
          });
          const wide = await page.evaluate(() => document.documentElement.scrollWidth);
          expect({ path, wide }).toEqual({ path, wide: viewport.width });
        }
        await context.close();
      }
    }
  },
);

test.skipIf(!chromiumPath)("a session is read with the keyboard alone (E4)", async () => {
  await using site = await startSite(events(CONVERSATION));
  site.session.state = "finished";
  await using browser = await startBrowser();
  const page = await browser.newPage();
  await page.goto(site.page);
  await until(async () => (await page.locator("[data-live=live]").count()) === 1);
  const turn = () => page.evaluate(() => document.activeElement?.getAttribute("aria-label") ?? "");

  await page.keyboard.press("Tab");
  expect(await page.evaluate(() => document.activeElement?.textContent)).toBe("Skip to content");
  await page.keyboard.press("j");
  await until(async () => (await turn()) === "Before the first prompt");
  await page.keyboard.press("j");
  await until(async () => (await turn()) === "Turn: Why does the webhook retry forever?");
  await page.keyboard.press("j");
  await until(async () => (await turn()) === "Turn: Fix it. Three attempts, then park the job.");
  await page.keyboard.press("o");
  await until(() => page.locator(".diff .line-added").first().isVisible());
  await page.keyboard.press("o");
  await until(async () => (await page.locator(".turn:focus details[open]").count()) === 0);
  await page.keyboard.press("k");
  await until(async () => (await turn()).startsWith("Turn: Why"));
  await page.keyboard.press("?");
  await until(() => page.locator("#help").isVisible());
  await page.keyboard.press("Escape");
  await until(async () => !(await page.locator("#help").isVisible()));
  await page.keyboard.press("f");
  await until(() =>
    page.evaluate(() => document.documentElement.scrollHeight - innerHeight - scrollY < 2),
  );
});

test.skipIf(!chromiumPath)("the theme follows the system until one is chosen", async () => {
  await using site = await startSite(events(CONVERSATION));
  await using browser = await startBrowser();
  const context = await browser.newContext({ colorScheme: "dark" });
  const page = await context.newPage();
  await page.goto(`${site.url}/app`);
  const ground = () =>
    page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
  const dark = await ground();
  await page.getByLabel("Light or dark").click();
  await until(async () => (await ground()) !== dark);
  const light = await ground();
  await page.goto(`${site.url}/app/p/checkout`);
  expect(await page.locator("html").getAttribute("data-theme")).toBe("light");
  expect(await ground()).toBe(light);
});

test.skipIf(!chromiumPath)("nothing moves for readers who asked for stillness", async () => {
  await using site = await startSite(events(CONVERSATION));
  await using browser = await startBrowser();
  const moving = async (reducedMotion: "reduce" | "no-preference") => {
    const context = await browser.newContext({ reducedMotion });
    const page = await context.newPage();
    await page.goto(`${site.url}/app/p/checkout`);
    await page.locator("[data-live=live]").waitFor();
    return () => page.evaluate(() => document.getAnimations().length);
  };
  const count = await moving("no-preference");
  await until(async () => (await count()) === 1);
  const none = await moving("reduce");
  expect(await none()).toBe(0);
});
