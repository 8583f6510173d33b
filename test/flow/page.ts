import type { Browser, Page } from "playwright-core";
import { z } from "zod";
import { until } from "../../src/lib/until.ts";
import type { Chain } from "../helpers/chain.ts";

const Link = z.object({ url: z.url() });

/** A browser that has signed in by a one-time link, as a person does. */
export async function signIn(browser: Browser, chain: Chain): Promise<Page> {
  const where = ["--json", "--data-dir", chain.dataDir];
  const said = await chain.polaris("serve", "--sign-in", "manu@example.com", ...where);
  const page = await browser.newPage();
  await page.goto(Link.parse(JSON.parse(said)).url);
  return page;
}

export async function openSession(page: Page, project: string, name: string): Promise<void> {
  await page.goto(new URL(`/app/p/${project}/s/${name}`, page.url()).href);
  await isLive(page);
}

export const isLive = (page: Page) =>
  until(async () => (await liveOf(page)) === "live", { what: "the page to be live" });

export const liveOf = (page: Page) => page.locator("[data-live]").getAttribute("data-live");

/** What stands on the page, top down: `prompt: …`, `answer: …`, `Bash: …`, `system: …`. */
export const conversation = (page: Page): Promise<string[]> =>
  page.locator("#conversation").evaluate((root) =>
    [...root.querySelectorAll(".prompt, .answer, details.tool, .system")].map((element) => {
      const said = (selector: string) => element.querySelector(selector)?.textContent?.trim() ?? "";
      if (element.matches(".prompt")) return `prompt: ${said(".typed")}`;
      if (element.matches(".answer")) return `answer: ${said(".prose")}`;
      if (element.matches("details")) return `${said("summary b")}: ${said(".tool-text")}`;
      return `system: ${said("span")}`;
    }),
  );

/** Unfolds every tool call and answers what stands in each. */
export async function toolBodies(page: Page): Promise<string[]> {
  const tools = await page.locator("#conversation details.tool").all();
  for (const tool of tools) await tool.locator("summary").click();
  const bodies = page.locator("#conversation details.tool .tool-body");
  await until(async () => (await bodies.count()) === tools.length, { what: "unfolded tool calls" });
  return await bodies.allTextContents();
}
