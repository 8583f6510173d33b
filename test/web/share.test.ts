import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { until } from "../../src/lib/until.ts";
import { type Person, person } from "../helpers/people.ts";
import { type Polaris, startMachine, startPolaris } from "../helpers/polaris.ts";
import { chromiumPath, startBrowser } from "./browser.ts";
import { CORPUS, everywhere } from "./evil.ts";
import { findings, LOOKS, signedIn } from "./pages.ts";

setDefaultTimeout(60_000);
let polaris: Polaris;
let browser: Browser & AsyncDisposable;
let manu: Person;
const calm = startMachine({ project: "shop", name: "calm" });
const evil = startMachine({ project: "shop", name: "evil" });

beforeAll(async () => {
  polaris = await startPolaris();
  manu = await person(polaris.db, polaris.caller.org, "manu", "owner");
  await polaris.ingest([
    calm.head(),
    calm.line({ text: "make it so" }),
    calm.line({ kind: "agent.message", sender: "agent:claude", text: "Done, `as` **asked**." }),
    calm.line({
      kind: "tool.call",
      sender: "agent:claude",
      text: "ls",
      body: { callId: "c", name: "Bash", kind: "execute", input: { command: "ls" } },
    }),
  ]);
  const told = CORPUS.flatMap(everywhere).map(({ kind, text, body }) =>
    evil.line({ kind, text: text ?? "", body: body ?? {} }),
  );
  await polaris.ingest([evil.head({ branch: CORPUS[3] }), ...told]);
  if (chromiumPath) browser = await startBrowser();
}, 30_000);
afterAll(async () => {
  await browser?.close();
  await polaris[Symbol.asyncDispose]();
});

async function share(session: string): Promise<string> {
  const path = `/projects/shop/sessions/${session}/shares`;
  const made = (await (await polaris.post(path, {})).json()) as { url: string };
  return made.url;
}

test.skipIf(!chromiumPath)(
  "a shared session reads without scripts, is accessible in every look, and goes on live (E8)",
  async () => {
    const url = await share("calm");
    for (const look of LOOKS) {
      await using context = await browser.newContext({ ...look, bypassCSP: true });
      const page = await context.newPage();
      await page.goto(url);
      expect([look, await findings(page)]).toEqual([look, []]);
      await using owner = await signedIn(browser, polaris.publicUrl, manu, {
        ...look,
        bypassCSP: true,
      });
      const settings = await owner.newPage();
      await settings.goto(`${polaris.publicUrl}/app/p/shop/s/calm/share`);
      expect([look, await findings(settings)]).toEqual([look, []]);
    }
    await using still = await browser.newContext({ javaScriptEnabled: false });
    const plain = await still.newPage();
    await plain.goto(url);
    await plain.locator("summary", { hasText: "Bash" }).click();
    expect(await plain.locator("pre", { hasText: "$ ls" }).isVisible()).toBe(true);
    await using context = await browser.newContext();
    const page = await context.newPage();
    await page.goto(url);
    await polaris.ingest([calm.head(), calm.line({ text: "one more thing" })]);
    await until(
      async () => (await page.locator("#e-4, [id^=e-]", { hasText: "one more thing" }).count()) > 0,
    );
  },
);

test.skipIf(!chromiumPath)(
  "nothing a model or a person writes runs on a shared page or in an exported file (E8)",
  async () => {
    const file = join(polaris.folder, "evil.html");
    const text = await (
      await polaris.call("/projects/shop/sessions/evil/export?format=html")
    ).text();
    await Bun.write(file, text);
    for (const address of [await share("evil"), `file://${file}`]) {
      await using context = await browser.newContext();
      const page = await context.newPage();
      const outside: string[] = [];
      page.on("request", (request) => {
        const url = request.url();
        if (!url.startsWith(polaris.publicUrl) && url !== `file://${file}`) outside.push(url);
      });
      await page.goto(address);
      const found = await page.evaluate(() => {
        for (const fold of document.querySelectorAll("details")) fold.open = true;
        return {
          pwned: "pwned" in window,
          elements: document.querySelectorAll(
            "main :is(script, iframe, object, embed, style, link, base, meta, form, math, img)",
          ).length,
          handlers: [...document.querySelectorAll("*")].filter((element) =>
            element.getAttributeNames().some((name) => /^on|^style$/.test(name)),
          ).length,
          protocols: [...document.querySelectorAll<HTMLAnchorElement>("main a")]
            .map(({ protocol }) => protocol)
            .filter((protocol) => !["http:", "https:", "mailto:", "file:"].includes(protocol)),
        };
      });
      expect([address.slice(0, 5), found]).toEqual([
        address.slice(0, 5),
        { pwned: false, elements: 0, handlers: 0, protocols: [] },
      ]);
      expect(outside).toEqual([]);
      expect(await page.locator("[id^=e-]").count()).toBeGreaterThan(CORPUS.length * 5);
    }
  },
);
