import { expect, setDefaultTimeout } from "bun:test";
import { until } from "../../src/lib/until.ts";
import { browserTest, openBrowser } from "../helpers/browser.ts";
import { events, type Told } from "./sample.ts";
import { startSite } from "./site.ts";

setDefaultTimeout(90_000);

const say = (n: number): Told =>
  n % 20 === 1
    ? { kind: "user.message", text: `prompt ${n}`, body: { origin: "user" } }
    : { kind: "agent.message", text: `step ${n}` };
const told = (from: number, count: number) =>
  events(
    Array.from({ length: count }, (_, at) => say(from + at)),
    from,
  );

browserTest(
  "a tab that is open for days lets go of what is far above, and has it again on the way up (E1, E4)",
  async () => {
    await using site = await startSite(told(1, 100));
    site.session.state = "working";
    await using open = await openBrowser();
    const { page } = open;
    await page.goto(site.page);
    await page.locator("[data-live=live]").waitFor();
    const drawn = () => page.locator(".turn [id^=e-]").count();
    const isAtEnd = () =>
      page.evaluate(
        () => document.documentElement.scrollHeight - innerHeight - Math.round(scrollY) < 120,
      );
    // Ten days of 400 events; after each the page stands at its end.
    for (let day = 0; day < 10; day++) {
      const from = 101 + day * 400;
      site.append(...told(from, 400));
      await page.locator(`#e-${from + 399}`).waitFor({ state: "attached" });
      await until(isAtEnd, { what: "the page to follow" });
      expect(await drawn()).toBeLessThanOrEqual(3400);
    }
    await until(async () => (await drawn()) < 2500, { what: "the beginning to be let go" });
    expect(await page.locator("#e-1").count()).toBe(0);
    // Nothing is missing or doubled in what is left, and the first is there again for who goes up.
    const seqs = () =>
      page.locator(".turn [id^=e-]").evaluateAll((all) => all.map(({ id }) => Number(id.slice(2))));
    const held = await seqs();
    expect(held).toEqual(Array.from({ length: held.length }, (_, at) => 4101 - held.length + at));
    const [first = 0] = held;
    await page.getByText("Load earlier").click();
    await until(async () => ((await seqs())[0] ?? first) < first, { what: "earlier events" });
    expect(open.complaints).toEqual([]);
  },
  90_000,
);
