import { expect } from "bun:test";
import { until } from "../../src/lib/until.ts";
import { browserTest, launch } from "../helpers/browser.ts";
import { startChain } from "../helpers/chain.ts";
import { isLive, liveOf, signIn } from "./page.ts";

browserTest(
  "E2: the team's page outlives the server's kill -9, says so, and misses nothing that happened meanwhile",
  async () => {
    await using chain = await startChain();
    const headers = { authorization: `Bearer ${chain.token}` };
    const say = async (session: string, text: string): Promise<void> => {
      const body = JSON.stringify({ sender: "user:manu", kind: "user.message", text });
      const url = `${chain.url}/projects/site/sessions/${session}/events`;
      const answer = await fetch(url, { method: "POST", headers, body });
      if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`);
    };
    await say("s-0001", "before");
    await using browser = await launch();
    const page = await signIn(browser, chain);
    await page.goto(new URL("/app", page.url()).href);
    await isLive(page);
    await page.evaluate(() => document.body.setAttribute("data-same-page", "yes"));
    const rows = () => page.locator(".lineup-row .row-link").allTextContents();
    await until(async () => (await rows()).includes("before"));

    await chain.server.kill("SIGKILL");
    await until(async () => (await liveOf(page)) === "reconnecting", {
      what: "the page to say so",
    });
    await chain.server.start();
    // Before the page has found its way back.
    await say("s-0001", "after");
    await say("s-0002", "somebody new");
    await isLive(page);
    await until(async () => (await rows()).toSorted().join() === "after,somebody new", {
      what: "both rows, once",
    });
    expect(await page.locator("[data-same-page]").count()).toBe(1);
  },
  90_000,
);
