import axe from "axe-core";
import type { Browser, BrowserContext, Page } from "playwright-core";
import type { Person } from "../helpers/people.ts";

declare global {
  interface Window {
    axe: typeof axe;
  }
}

/** A window of this browser, signed in as somebody. */
export async function signedIn(
  browser: Browser,
  url: string,
  { headers }: Pick<Person, "headers">,
  options: Parameters<Browser["newContext"]>[0] = {},
): Promise<BrowserContext> {
  const context = await browser.newContext(options);
  const [name = "", value = ""] = headers.cookie.split("=");
  await context.addCookies([{ name, value, url }]);
  return context;
}

/** Both themes, at desk and phone width. */
export const LOOKS = (["light", "dark"] as const).flatMap((colorScheme) =>
  [
    { width: 1440, height: 900 },
    { width: 390, height: 844 },
  ].map((viewport) => ({ colorScheme, viewport })),
);

/** Every finding of axe, the mild ones too, and whether the page is wider than the window. */
export async function findings(page: Page): Promise<unknown[]> {
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate(async () => await window.axe.run());
  const wide = await page.evaluate(
    () => document.documentElement.scrollWidth > document.documentElement.clientWidth,
  );
  const found = violations.map(({ id, nodes }) => ({ id, where: nodes.map(({ html }) => html) }));
  return wide ? [...found, "the page is wider than its window"] : found;
}
