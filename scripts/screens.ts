/**
 * Takes a picture of each page in both themes, at desk and phone width, from a team made up for it, into `docs/screens/`:
 * `npm run screens`, or `npm run screens -- team` for some.
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { launch } from "../test/helpers/browser.ts";
import { furnish, startWorkspace } from "../test/helpers/office.ts";
import { startPolaris } from "../test/helpers/polaris.ts";
import { playScene } from "../test/helpers/scene.ts";
import { ROOT } from "./root.ts";

const PAGES: Record<string, string> = {
  team: "/app",
  projects: "/app/projects",
  project: "/app/p/checkout",
  session: "/app/p/checkout/s/s-7a3f#e-8",
  "session-edit": "/app/p/checkout/s/s-7a3f#e-12",
  "session-live": "/app/p/checkout/s/s-7a3f",
  "project-settings": "/app/p/checkout/settings",
  search: "/app/search?q=retry",
  usage: "/app/usage",
  admin: "/app/settings/members",
  "admin-devices": "/app/settings/devices",
  "admin-tokens": "/app/settings/tokens",
  "admin-agents": "/app/settings/agents",
  "admin-slack": "/app/settings/slack",
  "admin-slack-people": "/app/settings/slack/people",
  "admin-webhooks": "/app/settings/webhooks",
  "admin-audit": "/app/settings/audit",
};
const SIZES = { desk: { width: 1440, height: 900 }, phone: { width: 390, height: 844 } } as const;

const folder = join(ROOT, "docs/screens");
mkdirSync(folder, { recursive: true });
const wanted = process.argv.slice(2);
await using polaris = await startPolaris();
await using _workspace = await startWorkspace(polaris);
const people = await playScene(polaris);
await furnish(polaris, people);
const browser = await launch();
const [name = "", value = ""] = people.krishna.headers.cookie.split("=");
for (const colorScheme of ["dark", "light"] as const) {
  for (const [size, viewport] of Object.entries(SIZES)) {
    const deviceScaleFactor = size === "phone" ? 2 : 1;
    const context = await browser.newContext({ colorScheme, viewport, deviceScaleFactor });
    await context.addCookies([{ name, value, url: polaris.publicUrl }]);
    const page = await context.newPage();
    for (const [called, path] of Object.entries(PAGES)) {
      if (wanted.length && !wanted.includes(called)) continue;
      await page.goto("about:blank"); // another place of the same page is no new page
      const answer = await page.goto(polaris.publicUrl + path);
      if (answer?.status() === 404) continue;
      const live = page.locator("[data-live]");
      if (await live.count()) await page.locator("[data-live=live]").waitFor();
      await page.evaluate(() => document.fonts.ready);
      if (path.includes("/s/")) await Bun.sleep(1500); // colours come when there is time
      const file = join(folder, `${called}-${size}-${colorScheme}.png`);
      await page.screenshot({ path: file });
      console.log(file.slice(ROOT.length + 1));
    }
    await context.close();
  }
}
await browser.close();
