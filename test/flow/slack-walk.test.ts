import { expect } from "bun:test";
import { join } from "node:path";
import type { BrowserContext, Page } from "playwright-core";
import { z } from "zod";
import { until } from "../../src/lib/until.ts";
import type { Json } from "../doubles/slack/model.ts";
import { browserTest, openBrowser } from "../helpers/browser.ts";
import { startMachine } from "../helpers/polaris.ts";
import { program } from "../helpers/service.ts";
import { type Slack, startSlack } from "../helpers/slack.ts";
import { temporary } from "../helpers/temp.ts";
import { startProgram } from "../slack/house.ts";

const Ready = z.object({ claimUrl: z.string() });

browserTest(
  "D1, D2, D4, D8, E1: somebody new goes from the printed link to a first session in Slack, and a teammate answers it there, by what the pages say",
  async () => {
    await using slack = startSlack({ consent: "page" });
    await using server = await startServer(slack);
    const { claimUrl } = Ready.parse(JSON.parse(server.line));
    await using open = await openBrowser();
    const { page, complaints } = open;
    await slackIs(page.context(), slack);

    // The owner, by the link that the server printed.
    await page.goto(claimUrl);
    await page.getByLabel("Email").fill("manu@example.com");
    await page.getByLabel("Name").fill("Manu");
    await page.getByRole("button").click();

    // From the first page to Slack's own, by what is offered.
    await page.getByRole("link", { name: "Slack settings" }).click();
    const [theirs] = await Promise.all([
      page.waitForEvent("popup"),
      page.getByRole("link", { name: "Create the Slack app" }).click(),
    ]);
    await theirs.getByRole("button", { name: "Create" }).click();
    const client = await theirs.getByLabel("Client ID").inputValue();
    const secret = await theirs.getByLabel("Client Secret").inputValue();
    await page.getByLabel("Client id").fill(client);
    await page.getByLabel("Client secret").fill(secret);
    await page.getByRole("button", { name: "Keep" }).click();
    await theirs.getByLabel("Token Name").fill("polaris");
    await theirs.getByRole("button", { name: "Generate" }).click();
    const token = (await theirs.locator("output").textContent()) ?? "";
    await page.getByLabel("App-level token").fill(token);
    await page.getByRole("button", { name: "Keep" }).click();
    await page.getByRole("link", { name: "Connect Slack" }).click();
    await page.getByRole("link", { name: "Allow in Acme" }).click();
    await page.getByRole("heading", { name: "Acme" }).waitFor();
    await page.getByRole("button", { name: "Run the self-test" }).click();
    await page.getByRole("heading", { name: "Everything is right" }).waitFor();
    expect(await page.locator(".problem").count()).toBe(0);

    // A teammate is asked in, and comes.
    await page.getByRole("link", { name: "Team" }).click();
    await page.getByRole("link", { name: "Invite others" }).click();
    await page.getByLabel("Email").fill("krishna@example.com");
    await page.getByRole("button", { name: "Make a link" }).click();
    const invitation = (await page.locator(".fresh code").textContent()) ?? "";
    const other = await open.browser.newPage();
    await other.goto(invitation);
    await other.waitForURL("**/app");

    // The first session.
    const machine = startMachine({ project: "etl" });
    await record(page, machine.head(), machine.line({ text: "use HS256" }));
    const prompt = await until(
      () => messagesOf(slack, "etl").find(({ text }) => text === "use HS256"),
      { what: "the prompt in Slack" },
    );
    expect(prompt.username).toBe("Manu");
    const thread = String(prompt.thread_ts);
    const said = await slack.say("etl", "krishna", "RS256 is better", { thread });
    const hasReceipt = (name: string) => () =>
      said.reactions?.some((each: Json) => each.name === name) === true;
    await until(hasReceipt("eyes"), { what: "the receipt of what waits" });

    // Where the first page was, the session stands, and in it the advice; the agent takes it.
    await page.getByRole("link", { name: "Team" }).click();
    await page.getByRole("link", { name: "use HS256" }).click();
    await page.getByText("RS256 is better").first().waitFor();
    const id = await adviceOf(page);
    const body = { injection: id, route: "socket" };
    const report = (kind: string) => machine.line({ kind, sender: "agent:claude", body });
    await record(page, machine.head(), report("injection.delivered"), report("injection.seen"));
    await until(hasReceipt("white_check_mark"), { what: "the receipt of what was seen" });
    expect(complaints).toEqual([]);
  },
  60_000,
);

/** What a machine of whoever has signed in here records. */
async function record(page: Page, ...lines: string[]): Promise<void> {
  const status = await page.evaluate(async (body) => {
    const json = { "content-type": "application/json" };
    const scopes = ["read", "ingest", "inject"];
    const wanted = JSON.stringify({ name: "laptop", scopes });
    const made = await fetch("/tokens", { method: "POST", headers: json, body: wanted });
    const { token } = await made.json();
    const headers = { "content-type": "application/x-ndjson", authorization: `Bearer ${token}` };
    return (await fetch("/ingest", { method: "POST", headers, body, credentials: "omit" })).status;
  }, lines.join("\n"));
  expect(status).toBe(200);
}

const Advice = z.object({ items: z.array(z.object({ id: z.string() })).length(1) });

async function adviceOf(page: Page): Promise<string> {
  const path = "/projects/etl/sessions/s-0001/injections";
  const told = await page.evaluate(async (at) => (await fetch(at)).json(), path);
  return Advice.parse(told)
    .items.map(({ id }) => id)
    .join();
}

const messagesOf = (slack: Slack, name: string): Json[] =>
  [...slack.team().channels.values()].find((channel) => channel.name === name)?.messages ?? [];

/** A server that nobody has set up: all it is told is which Slack there is. */
async function startServer(slack: Slack) {
  await using stack = new AsyncDisposableStack();
  const folder = stack.use(temporary("plrs-walk-"));
  const env = {
    HOME: folder.path,
    PATH: process.env.PATH ?? "",
    POLARIS_HOME: join(folder.path, "machine"),
    SLACK_API_URL: slack.apiUrl,
  };
  const dataDir = join(folder.path, "server");
  const args = ["serve", "--json", "--data-dir", dataDir, "--port", "0"];
  const { line } = stack.use(await startProgram([...program, ...args], env));
  const owned = stack.move();
  return { line, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

/** The links lead to api.slack.com; in this browser that is ours. */
async function slackIs(context: BrowserContext, slack: Slack): Promise<void> {
  await context.route("https://api.slack.com/**", async (route) => {
    const { pathname, search } = new URL(route.request().url());
    await route.fulfill({ response: await route.fetch({ url: slack.url + pathname + search }) });
  });
}
