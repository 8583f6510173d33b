import { expect } from "bun:test";
import recording from "../../assets/demo/terminal.jsonl" with { type: "text" };
import { play, stepsOf } from "../../src/cli/player.ts";
import { until } from "../../src/lib/until.ts";
import { browserTest, launch } from "../helpers/browser.ts";
import { startChain } from "../helpers/chain.ts";
import { conversation, isLive, liveOf, openSession, signIn } from "./page.ts";

browserTest(
  "E4: a page outlives the server's kill -9: it says so, comes back by itself, and shows every event once",
  async () => {
    await using chain = await startChain();
    await chain.polaris("install", "--home", chain.home);
    const cwd = await chain.linked("site");
    const stop = new AbortController();
    const pace = { least: 40, most: 80 };
    const playing = play(stepsOf(recording), { home: chain.home, cwd, pace, signal: stop.signal });
    const session = await until(async () => (await chain.sessions("site"))[0]);

    await using browser = await launch();
    const page = await signIn(browser, chain);
    await openSession(page, "site", session.name);
    await page.evaluate(() => document.body.setAttribute("data-same-page", "yes"));
    await until(async () => (await conversation(page)).length > 5, { what: "a page that grows" });

    await chain.server.kill("SIGKILL");
    await until(async () => (await liveOf(page)) === "reconnecting", {
      what: "the page to say so",
    });
    const before = (await conversation(page)).length;
    await chain.server.start();
    await isLive(page);
    await until(async () => (await conversation(page)).length > before, { what: "it to grow on" });
    await playing;
    await until(async () => (await chain.log("site")).at(-1)?.kind === "session.end", {
      timeoutMs: 20_000,
      what: "the end of the session",
    });

    const fresh = await signIn(browser, chain);
    await openSession(fresh, "site", session.name);
    const whole = await conversation(fresh);
    await until(async () => (await conversation(page)).length === whole.length);
    expect(await conversation(page)).toEqual(whole);
    expect(await page.locator("[data-same-page]").count()).toBe(1);

    const log = await chain.log("site");
    expect(log.map(({ seq }) => seq)).toEqual(log.map((_, at) => at + 1));
    expect(new Set(log.map(({ id }) => id)).size).toBe(log.length);
    const prompts = log.filter(({ kind, parent }) => kind === "user.message" && !parent);
    const shown = whole.filter((line) => line.startsWith("prompt: "));
    expect(shown).toEqual(prompts.map(({ text }) => `prompt: ${text}`));
  },
  90_000,
);
