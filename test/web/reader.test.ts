import { expect, setDefaultTimeout } from "bun:test";
import type { Page } from "playwright-core";
import { until } from "../../src/lib/until.ts";
import { browserTest, openBrowser } from "../helpers/browser.ts";
import { CONVERSATION, events, type Told } from "./sample.ts";
import { startSite } from "./site.ts";

setDefaultTimeout(60_000);

const open = async (page: Page, address: string) => {
  await page.goto(address);
  await page.locator("[data-live=live]").waitFor();
};

browserTest("code is coloured after the page is drawn, and stays text (E4)", async () => {
  const evil =
    "const x: string = `<img src=x onerror=window.pwned=1>`; // </code><script>window.pwned=1</script>";
  const told: Told[] = [
    ...CONVERSATION,
    {
      kind: "agent.message",
      text: `\`\`\`typescript\n${evil}\n\`\`\`\n\n\`\`\`nolang\n${evil}\n\`\`\``,
    },
  ];
  await using site = await startSite(events(told));
  await using browser = await openBrowser();
  const { page } = browser;
  await open(page, site.page);
  const blocks = page.locator(".answer").last().locator("pre code");
  await until(async () => (await blocks.first().locator(".hl-kwd").count()) > 0, {
    what: "colours",
  });
  expect(await blocks.allTextContents()).toEqual([evil, evil]);
  expect(await blocks.last().locator("span").count()).toBe(0);
  expect(await page.evaluate(() => "pwned" in window)).toBe(false);
  const keyword = blocks.first().locator(".hl-kwd").first();
  const colour = await keyword.evaluate((element) => getComputedStyle(element).color);
  expect(colour).not.toBe(
    await blocks.first().evaluate((element) => getComputedStyle(element).color),
  );
  expect(browser.complaints).toEqual([]);
});

browserTest("a session is replayed: played, scrubbed, hastened and ended (E4)", async () => {
  await using site = await startSite(events(CONVERSATION));
  site.session.state = "finished";
  await using browser = await openBrowser({ viewport: { width: 1280, height: 800 } });
  const { page } = browser;
  await open(page, site.page);
  const shown = () => page.locator(".turn [id^=e-]").count();
  const whole = await shown();
  await page.getByRole("button", { name: "Replay" }).click();
  const bar = page.getByRole("region", { name: "Replay" });
  await bar.waitFor();
  await until(async () => (await shown()) < 5, { what: "the beginning" });
  await bar.getByLabel("Speed").selectOption("32");
  await until(async () => (await shown()) > 6, { what: "it to move" });
  await bar.getByLabel("Pause").click();
  const paused = await shown();

  // What happens meanwhile is no part of what is replayed.
  site.append(...events([{ kind: "agent.message", text: "said just now" }], 100));
  const place = bar.getByLabel("Place in the session");
  await place.fill("30");
  await until(async () => (await page.locator("#e-29").count()) === 1);
  expect(await page.locator("#e-31").count()).toBe(0);
  expect(await shown()).toBeGreaterThan(paused);
  expect(await page.getByText("said just now").count()).toBe(0);
  await bar.getByLabel("Play", { exact: true }).click();
  const last = page.locator(`#e-${CONVERSATION.length}`);
  await until(async () => (await last.count()) === 1, { timeoutMs: 20_000 });
  await bar.getByLabel("End the replay").click();
  await page.getByText("said just now").waitFor();
  expect(await shown()).toBe(whole + 1);
  expect(await bar.count()).toBe(0);
  expect(browser.complaints).toEqual([]);
});

browserTest("a subagent of a subagent stands inside its lane (E4)", async () => {
  const told: Told[] = [
    { kind: "user.message", text: "Look everywhere" },
    { kind: "subagent.start", body: { agentId: "outer", agentType: "Explore" } },
    { kind: "subagent.start", parent: "outer", body: { agentId: "inner", agentType: "Read" } },
    { kind: "agent.message", parent: "inner", text: "found it" },
    { kind: "subagent.end", parent: "outer", body: { agentId: "inner" } },
    { kind: "subagent.end", body: { agentId: "outer" } },
  ];
  await using site = await startSite(events(told));
  await using browser = await openBrowser();
  await open(browser.page, site.page);
  const inner = browser.page.locator("#e-2 .lane-body > #e-3");
  expect(await inner.count()).toBe(1);
  expect(await inner.locator("#e-4").textContent()).toContain("found it");
});

browserTest(
  "a session that is over opens at its beginning, and goes on as one reads (E4)",
  async () => {
    const many = Array.from({ length: 700 }, (_, at) => ({
      kind: "agent.message",
      text: `answer ${at + 1}`,
    }));
    await using site = await startSite(events(many));
    await using browser = await openBrowser();
    const { page } = browser;
    await open(page, `${site.page}?after=0`);
    expect(await page.locator("#e-1").count()).toBe(1);
    await until(
      async () => {
        await page.mouse.wheel(0, 5000);
        return (await page.locator("#e-700").count()) === 1;
      },
      { what: "the end", timeoutMs: 30_000 },
    );
    expect(await page.getByText("Load later").count()).toBe(0);
    site.append(...events([{ kind: "agent.message", text: "and one more" }], 701));
    await page.locator("#e-701").waitFor();
  },
);

browserTest(
  "a terminal's colours are shown as far as they are readable, and nothing else of it (E4)",
  async () => {
    const output = [
      "\u001b]0;title\u0007\u001b[2K\u001b[31m✗ parks\u001b[0m and \u001b[1;32m✓ passes\u001b[0m",
      "\u001b[38;5;196mtable\u001b[0m \u001b[38;2;10;200;30mrgb\u001b[0m <img src=x onerror=window.pwned=1>",
      "\u001b]8;;http://tracker.invalid\u0007link\u001b]8;;\u0007",
    ].join("\r\n");
    const told: Told[] = [
      ...CONVERSATION,
      {
        kind: "tool.call",
        text: "bun test",
        body: { callId: "tty", name: "Bash", kind: "execute", input: { command: "bun test" } },
      },
      { kind: "tool.result", body: { callId: "tty", status: "completed", output } },
    ];
    await using site = await startSite(events(told));
    await using browser = await openBrowser();
    const { page } = browser;
    await open(page, site.page);
    const tool = page.locator("details.tool").last();
    await tool.locator("summary").click();
    const screen = tool.locator(".terminal pre");
    await screen.locator(".hl-err").first().waitFor();
    expect(await screen.textContent()).toBe(
      "$ bun test\n✗ parks and ✓ passes\ntable rgb <img src=x onerror=window.pwned=1>\nlink",
    );
    const looks = await screen
      .locator("span")
      .evaluateAll((spans) => spans.map((span) => [span.textContent, span.className]));
    expect(looks).toEqual([
      ["✗ parks", "hl-err"],
      ["✓ passes", "hl-str hl-bold"],
      ["table", "hl-err"],
      ["rgb", "hl-str"],
    ]);
    expect(await page.evaluate(() => "pwned" in window)).toBe(false);
    expect(browser.complaints).toEqual([]);
  },
);
