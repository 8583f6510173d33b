import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import type { Browser } from "playwright-core";
import { until } from "../../src/lib/until.ts";
import type { Found } from "../../src/wire/search.ts";
import { type Person, person } from "../helpers/people.ts";
import { type Polaris, startMachine, startPolaris } from "../helpers/polaris.ts";
import { chromiumPath, startBrowser } from "./browser.ts";
import { findings, LOOKS, signedIn } from "./pages.ts";

setDefaultTimeout(60_000);
let polaris: Polaris;
let browser: Browser & AsyncDisposable;
let manu: Person;
const machine = startMachine({ project: "shop", name: "checkout" });
const EVIL = "needle <img src=x onerror=window.pwned=1></script><script>window.pwned=1</script>";

beforeAll(async () => {
  polaris = await startPolaris();
  manu = await person(polaris.db, polaris.caller.org, "manu", "owner");
  const filler = Array.from({ length: 400 }, (_, n) =>
    machine.line({ kind: "agent.message", sender: "agent:claude", text: `step ${n}` }),
  );
  await polaris.ingest([
    machine.head({ branch: EVIL }),
    machine.line({ text: "the needle in the haystack" }),
    ...filler,
    machine.line({
      kind: "tool.call",
      sender: "agent:claude",
      text: EVIL,
      body: { callId: "x", name: EVIL, kind: "edit", input: { file_path: EVIL } },
    }),
    machine.line({
      kind: "usage",
      sender: "agent:claude",
      body: { model: EVIL, inputTokens: 12, costUsd: 0.25 },
    }),
  ]);
  await until(async () => (await polaris.json<Found>("/search?q=needle")).items.length === 2);
  if (chromiumPath) browser = await startBrowser();
}, 30_000);
afterAll(async () => {
  await browser?.close();
  await polaris[Symbol.asyncDispose]();
});

test.skipIf(!chromiumPath)(
  "search finds while one types, shows what comes, and leads to the moment (E5)",
  async () => {
    await using context = await signedIn(browser, polaris.publicUrl, manu);
    const page = await context.newPage();
    await page.goto(`${polaris.publicUrl}/app/search`);
    await page.locator("input:focus").waitFor();
    await page.keyboard.type("haystack");
    await until(async () => (await page.locator(".hit").count()) === 1);
    expect(page.url()).toEndWith("/app/search?q=haystack");
    expect(await page.locator(".hit mark").textContent()).toBe("haystack");
    await polaris.ingest([machine.head(), machine.line({ text: "another haystack" })]);
    await until(async () => (await page.locator(".hit").count()) === 2, { timeoutMs: 10_000 });
    await page.locator(".hit", { hasText: "the needle" }).click();
    await until(async () => (await page.locator("#e-1").count()) === 1);
    expect(await page.locator("#e-1").isVisible()).toBe(true);
  },
);

test.skipIf(!chromiumPath)(
  "search and usage read without scripts, and their filters stand in the address (E1, E5, E9)",
  async () => {
    await using context = await signedIn(browser, polaris.publicUrl, manu, {
      javaScriptEnabled: false,
    });
    const page = await context.newPage();
    await page.goto(`${polaris.publicUrl}/app/search`);
    await page.fill("#q", "needle");
    await page.selectOption("select[name=kind]", "user.message");
    await page.keyboard.press("Tab");
    await page.locator("button[type=submit]", { hasText: "Search" }).click();
    expect(await page.locator(".hit").count()).toBe(1);
    expect(page.url()).toContain("kind=user.message");
    await page.goto(`${polaris.publicUrl}/app/usage?project=shop`);
    expect(await page.locator(".totals").textContent()).toContain("$0.250");
  },
);

test.skipIf(!chromiumPath)(
  "search and usage are accessible in every look, and run nothing they show (E1, E5, E9)",
  async () => {
    for (const look of LOOKS) {
      await using context = await signedIn(browser, polaris.publicUrl, manu, {
        ...look,
        bypassCSP: true,
      });
      const page = await context.newPage();
      for (const path of [
        "/app/search",
        "/app/search?q=needle",
        "/app/search?q=nothinglikethis",
        "/app/usage",
      ]) {
        await page.goto(polaris.publicUrl + path);
        expect([path, look, await findings(page)]).toEqual([path, look, []]);
        expect(await page.evaluate(() => "pwned" in window)).toBe(false);
      }
    }
  },
);
