import { expect, test } from "bun:test";
import { until } from "../../src/lib/until.ts";
import { chromiumPath, startBrowser } from "./browser.ts";
import { CORPUS, everywhere } from "./evil.ts";
import { events } from "./sample.ts";
import { startSite } from "./site.ts";

test.skipIf(!chromiumPath)(
  "nothing a model or a person writes runs, loads or leaves the page (E4)",
  async () => {
    const evil = events(CORPUS.flatMap(everywhere));
    const half = Math.floor(evil.length / 2);
    await using site = await startSite(evil.slice(0, half), 10_000);
    Object.assign(site.session, {
      title: CORPUS[1],
      label: CORPUS[3],
      lastPrompt: CORPUS[0],
      branch: CORPUS[4],
      model: CORPUS[3],
      cwd: CORPUS[2],
      driver: `user:${CORPUS[3]}`,
    });
    await using browser = await startBrowser();
    const page = await browser.newPage();
    const outside: string[] = [];
    const violations: string[] = [];
    const broken: string[] = [];
    page.on("request", (request) => {
      if (!request.url().startsWith(site.url)) outside.push(request.url());
    });
    page.on("console", (line) => {
      if (/Content Security Policy|Refused to/.test(line.text())) violations.push(line.text());
    });
    page.on("pageerror", (error) => broken.push(error.message));
    await page.addInitScript(() => {
      document.addEventListener("securitypolicyviolation", (event) => {
        console.error(`Refused to: ${event.violatedDirective} ${event.blockedURI}`);
      });
    });
    await page.goto(site.page);
    await until(async () => (await page.locator("[data-live=live]").count()) === 1);
    site.append(...evil.slice(half));
    const last = evil.at(-1)?.seq;
    await until(async () => (await page.locator(`#e-${last}`).count()) === 1);
    // Every fold is opened, so that lazy parts are drawn too; every link and summary is looked at.
    await page.evaluate(() => {
      for (const fold of document.querySelectorAll("details")) fold.open = true;
    });
    await until(async () => (await page.locator(".tool-body").count()) > CORPUS.length * 5);

    const found = await page.evaluate(() => ({
      pwned: "pwned" in window,
      elements: document.querySelectorAll(
        "#root :is(script, iframe, object, embed, style, link, base, meta, form, math, img):not(#help form)",
      ).length,
      handlers: [...document.querySelectorAll("*")].filter((element) =>
        element.getAttributeNames().some((name) => /^on|^style$/.test(name)),
      ).length,
      protocols: [...document.querySelectorAll("a")]
        .map((link) => link.protocol)
        .filter((protocol) => !["http:", "https:", "mailto:"].includes(protocol)),
    }));
    expect(found).toEqual({ pwned: false, elements: 0, handlers: 0, protocols: [] });
    expect({ outside, violations, broken }).toEqual({ outside: [], violations: [], broken: [] });
  },
  60_000,
);
