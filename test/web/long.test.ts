import { expect, setDefaultTimeout } from "bun:test";
import type { Page } from "playwright-core";
import { until } from "../../src/lib/until.ts";
import { browserTest, type OpenBrowser, openBrowser } from "../helpers/browser.ts";
import { person } from "../helpers/people.ts";
import { type Polaris, startMachine, startPolaris } from "../helpers/polaris.ts";

setDefaultTimeout(120_000);

const EVENTS = 50_000;
/** A prompt, then tool calls with their results, then an answer. */
const TURN = 25;

/** Sends a day's work; answers the machine, to go on with. */
async function work(polaris: Polaris) {
  const machine = startMachine({ project: "checkout", name: "s-1234" });
  const begin = Date.now() - EVENTS * 300;
  let lines: string[] = [];
  for (let n = 0; n < EVENTS; n++) {
    const at = new Date(begin + n * 300).toISOString();
    lines.push(machine.line({ at, ...eventAt(n) }));
    if (lines.length === 1000) {
      await polaris.ingest([machine.head(), ...lines]);
      lines = [];
    }
  }
  return machine;
}

function eventAt(n: number): Record<string, unknown> {
  const place = n % TURN;
  const agent = { sender: "agent:claude" };
  if (place === 0)
    return { kind: "user.message", text: `prompt ${n / TURN}`, body: { origin: "user" } };
  if (place === TURN - 1)
    return { ...agent, kind: "turn.end", text: undefined, body: { reason: "end_turn" } };
  if (place === TURN - 2) {
    const text = `## Done\n\nIt **works** now:\n\n\`\`\`ts\nconst answer = ${n};\n\`\`\`\n\n- one\n- two`;
    return { ...agent, kind: "agent.message", text };
  }
  const callId = `c${n >> 1}-${n - place}`;
  const command = `bun test test/${n}`;
  if (place % 2) {
    const body = { callId: `c${n}`, name: "Bash", kind: "execute", input: { command } };
    return { ...agent, kind: "tool.call", text: command, body };
  }
  const body = {
    callId: `c${n - 1}`,
    status: "completed",
    output: `${callId}\n`.repeat(20),
    durationMs: 800,
  };
  return { ...agent, kind: "tool.result", text: undefined, body };
}

/** How long each frame took while the page was scrolled upwards for three seconds. */
async function scrolled(page: Page): Promise<{ worst: number; p95: number; frames: number }> {
  const watching = page.evaluate(async () => {
    const gaps: number[] = [];
    let last = performance.now();
    const end = last + 3000;
    while (last < end) {
      await new Promise(requestAnimationFrame);
      gaps.push(performance.now() - last);
      last = performance.now();
    }
    return gaps;
  });
  for (let n = 0; n < 60; n++) {
    await page.mouse.wheel(0, -600);
    await Bun.sleep(50);
  }
  const gaps = (await watching).toSorted((a, b) => a - b);
  const at = (part: number) => Math.round(gaps[Math.floor(gaps.length * part)] ?? 0);
  return { worst: Math.round(gaps.at(-1) ?? 0), p95: at(0.95), frames: gaps.length };
}

/**
 * Beside it, what this browser makes of a page with nothing in it, on this machine and now: half as much again is ours. The
 * best of three, because others may begin to work between the two.
 */
async function scrolledFairly({ browser, page }: OpenBrowser) {
  await using empty = await browser.newPage({ viewport: page.viewportSize() });
  await empty.goto("data:text/html,<div style=height:99999px></div>");
  for (let n = 1; ; n++) {
    await empty.bringToFront();
    const floor = await scrolled(empty);
    await page.bringToFront();
    const scroll = { ...(await scrolled(page)), bound: Math.max(50, 1.5 * floor.p95) };
    if (scroll.p95 < scroll.bound || n === 3) return scroll;
  }
}

browserTest(
  "a session of 50,000 events opens within a second and scrolls without stalling (E4)",
  async () => {
    await using polaris = await startPolaris();
    const { headers } = await person(polaris.db, polaris.caller.org, "krishna", "member");
    const machine = await work(polaris);
    await using open = await openBrowser({ viewport: { width: 1440, height: 900 } });
    const { page } = open;
    const [name = "", value = ""] = headers.cookie.split("=");
    await page.context().addCookies([{ name, value, url: polaris.publicUrl }]);
    const address = `${polaris.publicUrl}/app/p/checkout/s/s-1234`;
    await page.goto(`${polaris.publicUrl}/app`); // fonts and scripts, which a second page has

    await page.goto(address);
    await page.locator("[data-live=live]").waitFor();
    const first = await until(
      () =>
        page.evaluate(() => performance.getEntriesByName("first-contentful-paint")[0]?.startTime),
      { what: "the first paint" },
    );
    const items = () => page.locator("[id^=e-]").count();
    const scroll = await scrolledFairly(open);
    const held = await items();
    const prompts = page.locator(".prompts li");
    await until(async () => (await prompts.count()) === EVENTS / TURN, { what: "all prompts" });

    const jumpAt = performance.now();
    await page.evaluate(() => {
      location.hash = "#e-25001";
    });
    await page.locator("#e-25001").waitFor();
    const jump = performance.now() - jumpAt;
    expect(await page.locator("#e-25001").textContent()).toContain("prompt 1000");

    // At another place of the session, what comes live is told and not shown; the pill leads to it.
    await polaris.ingest([
      machine.head(),
      machine.line({ text: "one more", body: { origin: "user" } }),
    ]);
    const pill = page.locator("#pill");
    await pill.waitFor({ state: "visible" });
    expect(await pill.textContent()).toContain("1 new");
    await pill.click();
    await page.locator(`#e-${EVENTS + 1}`).waitFor();
    expect(await items()).toBeLessThan(1000);
    console.log(
      `50,000 events: first paint ${Math.round(first)} ms, scrolling p95 ${scroll.p95} ms worst ${scroll.worst} ms ` +
        `(${scroll.frames} frames), ${held} items held, jump ${Math.round(jump)} ms`,
    );
    expect(first).toBeLessThan(1000);
    expect(scroll.p95).toBeLessThan(scroll.bound);
    expect(scroll.worst).toBeLessThan(400);
    expect(held).toBeLessThan(1000);
    expect(open.complaints).toEqual([]);
  },
  110_000,
);
