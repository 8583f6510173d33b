import { expect, setDefaultTimeout } from "bun:test";
import axe from "axe-core";
import { browserTest, openBrowser } from "../helpers/browser.ts";
import { type Polaris, startMachine, startPolaris } from "../helpers/polaris.ts";
import { playScene } from "../helpers/scene.ts";
import { CORPUS } from "./evil.ts";

setDefaultTimeout(90_000);

/** One session for each way to smuggle markup, in every field that a person or a machine can write. */
async function playEvil(polaris: Polaris): Promise<void> {
  for (const [at, evil] of CORPUS.entries()) {
    const machine = startMachine({ project: "evil", name: `s-${String(at).padStart(4, "0")}` });
    const body = { origin: "user", branch: evil, cwd: evil };
    const ask = { kind: "permission.request", text: evil, body: { name: evil, input: { evil } } };
    await polaris.ingest([
      machine.head({ branch: evil.slice(0, 500) }),
      machine.line({ text: evil, body }),
      machine.line({ kind: "session.title", text: evil }),
      ...(at % 2 ? [machine.line(ask)] : []),
    ]);
    const address = `/projects/evil/sessions/s-${String(at).padStart(4, "0")}`;
    const label = JSON.stringify({ label: evil });
    if (at % 3 === 0) await polaris.call(address, { method: "PATCH", body: label });
  }
  const name = CORPUS[1];
  await polaris.call("/projects/evil", { method: "PATCH", body: JSON.stringify({ name }) });
}

browserTest("nothing written anywhere runs on the pages of team and project (E2, E3)", async () => {
  await using polaris = await startPolaris();
  const { krishna } = await playScene(polaris);
  await playEvil(polaris);
  await using open = await openBrowser({ viewport: { width: 1280, height: 900 } });
  const { page, complaints } = open;
  const [name = "", value = ""] = krishna.headers.cookie.split("=");
  await page.context().addCookies([{ name, value, url: polaris.publicUrl }]);
  const outside: string[] = [];
  page.on("request", (request) => {
    if (!request.url().startsWith(polaris.publicUrl)) outside.push(request.url());
  });
  for (const path of ["/app", "/app/p/evil", "/app/p/evil/settings", "/app/projects"]) {
    await page.goto(polaris.publicUrl + path);
    const live = page.locator("[data-live]");
    if (await live.count()) await page.locator("[data-live=live]").waitFor();
    // And once more as live news, drawn by the browser itself.
    const machine = startMachine({ project: "evil", name: "s-live" });
    await polaris.ingest([
      machine.head(),
      machine.line({ text: CORPUS[3], body: { origin: "user" } }),
    ]);
    const found = await page.evaluate(() => ({
      pwned: "pwned" in window,
      elements: document.querySelectorAll(
        "body :is(script:not(#data), iframe, object, embed, style, link, base, meta, math, img)",
      ).length,
      handlers: [...document.querySelectorAll("*")].filter((element) =>
        element.getAttributeNames().some((each) => /^on|^style$/.test(each)),
      ).length,
    }));
    expect({ path, ...found }).toEqual({ path, pwned: false, elements: 0, handlers: 0 });
  }
  expect({ outside, complaints }).toEqual({ outside: [], complaints: [] });
});

browserTest(
  "the signed-in pages are accessible in both themes, at desk and phone width",
  async () => {
    await using polaris = await startPolaris();
    const { krishna } = await playScene(polaris);
    await using open = await openBrowser();
    const [name = "", value = ""] = krishna.headers.cookie.split("=");
    await polaris.post("/orgs/agents", { name: "dean", description: "Knows the warehouse." });
    await polaris.post("/webhooks", { url: "http://127.0.0.1:9/hook", kinds: ["*"] });
    const settings = ["members", "devices", "tokens", "agents", "slack", "webhooks"];
    const paths = [
      ...["/app", "/app/projects", "/app/p/checkout", "/app/p/checkout/settings", "/openapi"],
      ...settings.map((tab) => `/app/settings/${tab}`),
    ];
    for (const colorScheme of ["light", "dark"] as const) {
      for (const width of [1440, 390]) {
        const viewport = { width, height: 844 };
        const context = await open.browser.newContext({ colorScheme, viewport, bypassCSP: true });
        await context.addCookies([{ name, value, url: polaris.publicUrl }]);
        const page = await context.newPage();
        for (const path of [...paths, "/app/p/checkout/s/s-7a3f"]) {
          await page.goto(polaris.publicUrl + path);
          const isSession = path.includes("/s/");
          if (isSession) {
            await page.locator("[data-live=live]").waitFor();
            await page.getByLabel("Rename this session").click();
            await page.locator(".hl-kwd").first().waitFor({ state: "attached" });
          }
          await page.evaluate(axe.source);
          const { violations } = await page.evaluate(async () => await window.axe.run());
          const found = violations.map(({ id, nodes }) => [id, ...nodes.map(({ html }) => html)]);
          expect({ path, colorScheme, width, found }).toEqual({
            path,
            colorScheme,
            width,
            found: [],
          });
          const wide = await page.evaluate(() => document.documentElement.scrollWidth);
          expect({ path, wide }).toEqual({ path, wide: width });
        }
        await context.close();
      }
    }
  },
  120_000,
);

browserTest("the app's shell is light: at most 120 KB for a first visit (I10)", async () => {
  await using polaris = await startPolaris();
  const { krishna } = await playScene(polaris);
  const [name = "", value = ""] = krishna.headers.cookie.split("=");
  for (const path of ["/app", "/app/p/checkout/s/s-7a3f"]) {
    await using open = await openBrowser();
    const { page } = open;
    await page.context().addCookies([{ name, value, url: polaris.publicUrl }]);
    await page.goto(polaris.publicUrl + path);
    await page.locator("[data-live=live]").waitFor();
    await page.evaluate(() => document.fonts.ready);
    const sizes = await page.evaluate(() =>
      [...performance.getEntriesByType("resource"), ...performance.getEntriesByType("navigation")]
        .filter((entry) => entry instanceof PerformanceResourceTiming)
        .map((entry) => [entry.name.replace(/^.*\//, ""), entry.transferSize] as const),
    );
    const sum = sizes.reduce((all, [, size]) => all + size, 0);
    console.log(`${path}: ${Math.round(sum / 1024)} KB in ${sizes.length} answers`);
    expect(sum).toBeLessThan(120 * 1024);
  }
});
