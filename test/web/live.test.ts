import { expect, setDefaultTimeout, test } from "bun:test";
import type { Page } from "playwright-core";
import { until } from "../../src/lib/until.ts";
import { chromiumPath, startBrowser } from "./browser.ts";
import { CONVERSATION, events } from "./sample.ts";
import { startSite } from "./site.ts";

const told = events(CONVERSATION);
const answers = (from: number, amount: number) =>
  events(
    Array.from({ length: amount }, (_, at) => ({
      kind: "agent.message",
      text: `answer number ${from + at}`,
    })),
    from,
  );
const live = (page: Page) => page.locator("[data-live]").getAttribute("data-live");
/** The numbers of the answers on the page, in the order they stand there. */
const shown = (page: Page) =>
  page
    .locator(".answer .prose")
    .allTextContents()
    .then((all) => all.flatMap((text) => /answer number (\d+)/.exec(text)?.[1] ?? []).map(Number));
const numbers = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, at) => from + at);

setDefaultTimeout(30_000);

test.skipIf(!chromiumPath)("a session grows in the browser without a reload (A1, E4)", async () => {
  await using site = await startSite(told);
  await using browser = await startBrowser();
  const page = await browser.newPage();
  await page.goto(site.page);
  await until(async () => (await live(page)) === "live", { what: "the page to be live" });
  expect(site.opened).toEqual([told.length]);

  site.append(
    ...events(
      [
        {
          kind: "tool.call",
          text: "bun lint",
          body: { callId: "n1", name: "Bash", kind: "execute", input: { command: "bun lint" } },
        },
      ],
      100,
    ),
  );
  const row = page.locator("#e-100");
  await until(async () => (await row.textContent())?.includes("running"));
  site.append(
    ...events(
      [
        {
          kind: "tool.result",
          body: { callId: "n1", status: "failed", output: "Exit code 2\nno", durationMs: 900 },
        },
      ],
      101,
    ),
  );
  await until(async () => (await row.textContent())?.includes("exit 2 · 900 ms"));

  site.append(...answers(102, 3));
  await until(async () => (await shown(page)).length === 3);
  expect(await shown(page)).toEqual([102, 103, 104]);
});

test.skipIf(!chromiumPath)(
  "a line that breaks resumes where it was, without loss and without doubles (J2, E2)",
  async () => {
    await using site = await startSite(told);
    await using browser = await startBrowser();
    const page = await browser.newPage();
    await page.goto(site.page);
    await until(async () => (await live(page)) === "live");

    site.append(...answers(100, 50));
    site.drop();
    site.append(...answers(150, 50));
    await until(async () => (await shown(page)).length >= 100, { what: "what was missed" });
    site.down = true;
    site.drop();
    await until(async () => (await live(page)) === "reconnecting");
    expect(await page.locator("[data-live]").textContent()).toContain("reconnecting, lost");
    site.append(...answers(200, 50));
    site.down = false;
    await until(async () => (await live(page)) === "live", { what: "the line to come back" });
    await until(async () => (await shown(page)).length >= 150);
    // A server may send what was sent before; the page must not show it twice.
    site.append(...answers(240, 10), ...answers(250, 1));
    await until(async () => (await shown(page)).includes(250));
    expect(await shown(page)).toEqual(numbers(100, 250));
    expect(site.opened.at(-1)).toBe(199);
  },
  30_000,
);

test.skipIf(!chromiumPath)(
  "a reader elsewhere is not moved, and told what is new (E4)",
  async () => {
    await using site = await startSite([...told, ...answers(100, 60)]);
    await using browser = await startBrowser();
    const page = await browser.newPage();
    await page.goto(site.page);
    await until(async () => (await live(page)) === "live");
    const top = () => page.evaluate(() => Math.round(scrollY));
    const atEnd = () =>
      page.evaluate(() => document.documentElement.scrollHeight - innerHeight - scrollY < 2);
    await until(atEnd, { what: "a session at work to open at its end" });

    site.append(...answers(160, 5));
    await until(async () => (await shown(page)).includes(164));
    await until(atEnd, { what: "the end to be followed" });

    await page.evaluate(() => scrollTo(0, 300));
    await until(async () => (await top()) === 300);
    site.append(...answers(165, 12));
    const pill = page.locator("#pill");
    await until(() => pill.isVisible());
    expect(await pill.textContent()).toContain("12 new");
    expect(await top()).toBe(300);
    await pill.click();
    await until(atEnd);
    expect(await pill.isVisible()).toBe(false);
  },
);

test.skipIf(!chromiumPath)(
  "earlier events come above, and what is read stays put (J3)",
  async () => {
    await using site = await startSite(answers(1, 500), 200);
    site.session.state = "finished";
    await using browser = await startBrowser();
    const page = await browser.newPage();
    await page.goto(site.page);
    await until(async () => (await live(page)) === "live");
    const place = () =>
      page.evaluate(() => document.getElementById("e-301")?.getBoundingClientRect().top ?? 0);
    const before = await place();
    await page.getByText("Load earlier").click();
    await until(async () => (await shown(page)).length > 200);
    await until(async () => Math.abs((await place()) - before) < 3, {
      what: "the place to be kept",
    });
    // Whoever scrolls on needs no button.
    await until(async () => {
      await page.mouse.wheel(0, -4000);
      return (await shown(page)).length === 500;
    });
    expect(await shown(page)).toEqual(numbers(1, 500));
    expect(await page.getByText("Load earlier").count()).toBe(0);
  },
);

test.skipIf(!chromiumPath)(
  "a link to an event far back goes there and opens what hides it",
  async () => {
    await using site = await startSite([...told, ...answers(100, 300)], 100);
    await using browser = await startBrowser();
    const page = await browser.newPage();
    await page.goto(`${site.page}#e-22`);
    await until(() => page.locator("#e-22").isVisible(), { what: "the subagent's answer" });
    await until(() =>
      page.evaluate(() => {
        const box = document.getElementById("e-22")?.getBoundingClientRect();
        return box && box.top > 0 && box.bottom < innerHeight;
      }),
    );
  },
);

test.skipIf(!chromiumPath)("what was shortened comes whole on demand", async () => {
  await using site = await startSite(
    events([{ kind: "agent.message", text: "the beg…", cut: true }]),
  );
  await using browser = await startBrowser();
  const page = await browser.newPage();
  await page.goto(site.page);
  await until(async () => (await live(page)) === "live");
  await page.getByText("Show all").click();
  await until(async () => (await page.locator(".prose").textContent()) === "the whole text");
  expect(await page.getByText("Show all").count()).toBe(0);
});

test.skipIf(!chromiumPath)("a line that has gone silent is given up and opened anew", async () => {
  await using site = await startSite(told);
  await using browser = await startBrowser();
  const page = await browser.newPage();
  await page.clock.install();
  await page.goto(site.page);
  await until(async () => (await live(page)) === "live");
  expect(site.opened).toHaveLength(1);
  await page.clock.runFor(46_000);
  await until(() => site.opened.length === 2, { what: "a second line" });
  await page.clock.runFor(1_000);
  await until(async () => (await live(page)) === "live");
});

test.skipIf(!chromiumPath)(
  "a tab nobody looks at gives its line back and catches up (E2)",
  async () => {
    await using site = await startSite(told);
    await using browser = await startBrowser();
    const page = await browser.newPage();
    const look = (state: "hidden" | "visible") =>
      page.evaluate((now) => {
        Object.defineProperty(document, "visibilityState", { value: now, configurable: true });
        document.dispatchEvent(new Event("visibilitychange"));
      }, state);
    await page.clock.install();
    await page.goto(site.page);
    await until(async () => (await live(page)) === "live");
    await page.clock.runFor(25_000);
    site.append(...answers(100, 1));
    await look("hidden");
    await page.clock.runFor(30_000);
    site.append(...answers(101, 1));
    // It is heard before the tab goes to rest, however busy the machine is.
    await until(async () => {
      await page.clock.runFor(100);
      return (await shown(page)).length === 2;
    });
    await page.clock.runFor(31_000);
    await until(async () => (await live(page)) === "resting", { what: "the tab to rest" });
    site.append(...answers(102, 20));
    await look("visible");
    await until(async () => {
      await page.clock.runFor(100);
      return (await shown(page)).length === 22;
    });
    expect(await shown(page)).toEqual(numbers(100, 121));
    expect(site.opened).toEqual([told.length, 101]);
  },
);

test.skipIf(!chromiumPath)("a page without access says so and stops asking", async () => {
  await using site = await startSite(told);
  await using browser = await startBrowser();
  const page = await browser.newPage();
  await page.route("**/events?after=*", (route) => route.fulfill({ status: 401 }));
  await page.goto(site.page);
  await until(async () => (await live(page)) === "stopped");
  expect(await page.locator("[data-live]").textContent()).toContain("You are signed out.");
});

test.skipIf(!chromiumPath)("among 2,000 events a new one redraws nothing but itself", async () => {
  await using site = await startSite(answers(1, 2000), 2000);
  await using browser = await startBrowser();
  const page = await browser.newPage();
  await page.goto(site.page);
  await until(async () => (await live(page)) === "live");
  const touched = await page.evaluateHandle(() => {
    const seen = { added: 0, removed: 0 };
    const conversation = document.getElementById("conversation");
    new MutationObserver((changes) => {
      for (const change of changes) {
        seen.added += change.addedNodes.length;
        seen.removed += change.removedNodes.length;
      }
    }).observe(conversation ?? document.body, { childList: true, subtree: true });
    return seen;
  });
  site.append(...answers(2001, 3));
  await until(() => page.locator("#e-2003").count());
  expect(await touched.jsonValue()).toEqual({ added: 3, removed: 0 });
});
