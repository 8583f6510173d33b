import { expect } from "bun:test";
import { z } from "zod";
import { until } from "../../src/lib/until.ts";
import { startModel } from "../doubles/model.ts";
import { startChain } from "../helpers/chain.ts";
import { claudeTest } from "../helpers/claude.ts";
import { browserOf } from "../helpers/owner.ts";
import { startSlack } from "../helpers/slack.ts";
import { seedHome, startTerminal } from "./terminal.ts";

const MESSAGES = 5;

claudeTest(
  "C3, D4: a reply in Slack is in the agent's next request, and the agent's answer is in the thread",
  async () => {
    await using slack = startSlack();
    await using model = startModel({
      "Say hello": [{ text: "Hello from the agent!" }],
      "Mind the": [{ text: "Minded." }],
    });
    await using chain = await startChain({
      server: {
        SLACK_API_URL: slack.apiUrl,
        SLACK_CLIENT_ID: slack.clientId,
        SLACK_CLIENT_SECRET: slack.clientSecret,
        SLACK_APP_TOKEN: slack.appToken,
      },
    });
    await connect(chain);
    await chain.polaris("install", "--home", chain.home);
    const cwd = await chain.linked("etl");
    seedHome(chain.home, cwd);
    await using terminal = startTerminal(chain, model, { cwd });
    await terminal.shows("manual mode on");
    await terminal.say("Say hello");
    await terminal.shows("Hello from the agent!");
    const messages = () =>
      [...slack.team().channels.values()].find(({ name }) => name === "etl")?.messages ?? [];
    const answer = await until(
      () => messages().find(({ text }) => String(text) === "Hello from the agent!"),
      { timeoutMs: 20_000, what: "the answer in Slack" },
    );
    const thread = String(answer.thread_ts);
    const tookMs: number[] = [];
    for (let at = 0; at < MESSAGES; at++) {
      const text = `Mind the ${Bun.randomUUIDv7().slice(-12)} gap`;
      const began = performance.now();
      const said = await slack.say("etl", "krishna", text, { thread });
      const asked = () => model.asked.filter(({ body }) => body.includes(text));
      await until(() => asked().length > 0, { everyMs: 2, timeoutMs: 20_000, what: text });
      tookMs.push(Math.round(performance.now() - began));
      expect(asked().at(-1)?.body.split(text)).toHaveLength(2);
      // The model is told who speaks.
      expect(asked().at(-1)?.body.toLowerCase()).toContain("krishna");
      await until(
        () =>
          messages()
            .find(({ ts }) => ts === said.ts)
            ?.reactions?.some(({ name }: { name: string }) => name === "white_check_mark"),
        { timeoutMs: 20_000, what: "the receipt in Slack" },
      );
      await until(
        () => messages().filter((it) => it.text === "Minded." && it.thread_ts === thread)[at],
        { timeoutMs: 20_000, what: "the agent's words in the thread" },
      );
    }
    console.log(`Slack reply -> the model's request: ${tookMs.join(", ")} ms`);
    expect(messages().filter(({ text }) => String(text).startsWith("Mind the"))).toHaveLength(
      MESSAGES,
    );
  },
  180_000,
);

/** Somebody with the address krishna has in Slack joins as an admin and connects the workspace. */
async function connect({ url, token }: { url: string; token: string }): Promise<void> {
  const invite = await fetch(`${url}/orgs/invites`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    body: JSON.stringify({ role: "admin", email: "krishna@example.com" }),
  });
  const made = z.object({ url: z.string() }).parse(await invite.json());
  const headers = { cookie: await browserOf(made.url.replace(/^https?:\/\/[^/]+/, url)) };
  const browse = (path: string) => fetch(new URL(path, url), { headers, redirect: "manual" });
  const begun = await browse("/slack/connect");
  const yes = await fetch(begun.headers.get("location") ?? "", { redirect: "manual" });
  const { pathname, search } = new URL(yes.headers.get("location") ?? "");
  expect((await browse(pathname + search)).status).toBe(303);
}
