import { test } from "bun:test";
import { type Browser, chromium, type Page } from "playwright-core";

/** Nothing of a browser's own errands: no updates, no sync, no calls home. */
const FLAGS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** Why there is no browser here; `npm test` finds one and says where, or says why not. */
export const noBrowser: string | undefined = process.env.POLARIS_TEST_CHROMIUM
  ? undefined
  : (process.env.POLARIS_TEST_NO_CHROMIUM ?? "POLARIS_TEST_CHROMIUM is not set; npm test sets it");

/** A test that needs a browser: where there is none it is skipped, with the reason in its name. */
export function browserTest(name: string, act: () => Promise<void>, timeoutMs = 30_000): void {
  if (noBrowser) test.skip(`${name} — skipped: ${noBrowser}`, act, timeoutMs);
  else test(name, act, timeoutMs);
}

export async function launch(path = process.env.POLARIS_TEST_CHROMIUM ?? ""): Promise<Browser> {
  return await chromium.launch({ executablePath: path, args: FLAGS, timeout: 30_000 });
}

export interface OpenBrowser extends AsyncDisposable {
  browser: Browser;
  page: Page;
  /** What the page's console and its uncaught errors said; an honest page says nothing. */
  complaints: string[];
}

export async function openBrowser(
  options: Parameters<Browser["newPage"]>[0] = {},
): Promise<OpenBrowser> {
  const browser = await launch();
  const page = await browser.newPage(options);
  const complaints: string[] = [];
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("console", (message) => {
    if (message.type() === "error") complaints.push(message.text());
  });
  return { browser, page, complaints, [Symbol.asyncDispose]: () => browser.close() };
}
