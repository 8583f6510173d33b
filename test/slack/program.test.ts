import { expect, test } from "bun:test";
import { until } from "../../src/lib/until.ts";
import { executable } from "../helpers/executable.ts";
import { startMachine } from "../helpers/polaris.ts";
import { program, root } from "../helpers/service.ts";
import { startSlack } from "../helpers/slack.ts";
import { startHouse } from "./house.ts";

const compiled = async () => [await executable()];

test.each([
  ["from source", async () => program],
  ["compiled", compiled],
])(
  "D1, D2, D8: manifest link, connect, first session in Slack: a new server %s",
  async (_, of) => {
    await using slack = startSlack();
    await using house = await startHouse(await of(), slack);
    const page = await (await house.browse("/app/settings/slack")).text();
    expect(page).toContain("Connect Slack");
    const setup = await house.run("slack", "--public-url", house.url);
    expect(setup).toContain("https://api.slack.com/apps?new_app=1&manifest_json=");
    expect(await house.connect()).toBe(303);
    const machine = startMachine({ project: "etl" });
    await until(() => slack.connections === 1);
    await house.say(machine, "use RS256");
    const said = () => slack.channel("etl").messages.map(({ text }) => text);
    await until(() => said().length >= 2, { timeoutMs: 15_000 });
    expect(said().at(-1)).toEndWith("use RS256");
    await house.server.kill("SIGTERM");
    await until(() => slack.connections === 0);
  },
  60_000,
);

test.each([
  ["from source", async () => program],
  ["compiled", compiled],
])(
  "D1, D4: polaris bridge, a process of its own %s, posts and hears what is answered",
  async (_, of) => {
    await using slack = startSlack();
    await using house = await startHouse(await of(), slack, ["--no-bridge"]);
    expect(await house.connect()).toBe(303);
    await using bridge = await house.bridge();
    await until(() => slack.connections === 1);
    expect(bridge.line).toContain('"ready":true');
    await house.say(startMachine({ project: "etl" }), "use RS256");
    const prompt = await until(
      () => slack.channel("etl").messages.find(({ text }) => text.endsWith("use RS256")),
      { timeoutMs: 15_000 },
    );
    const thread = String(prompt.thread_ts);
    const reply = await slack.say("etl", "krishna", "and not HS256", { thread });
    // The receipt of advice that waits for its agent.
    await until(() => reply.reactions?.some(({ name }: { name: string }) => name === "eyes"), {
      timeoutMs: 15_000,
      what: "the receipt",
    });
    const path = `${house.url}/projects/etl/sessions/s-0001/injections`;
    const told = await fetch(path, { headers: { authorization: `Bearer ${house.token}` } });
    expect(await told.json()).toMatchObject({
      items: [{ text: "and not HS256", from: "user:krishna", via: "slack" }],
    });
  },
  60_000,
);

test("D7: two bridges beside a server post everything once, also when the one at work is killed", async () => {
  await using slack = startSlack();
  await using house = await startHouse(program, slack, ["--no-bridge"]);
  expect(await house.connect()).toBe(303);
  await using one = await house.bridge();
  await using two = await house.bridge();
  await until(() => slack.connections === 2);
  const machine = startMachine({ project: "etl" });
  await house.say(machine, "said 1");
  const texts = () => slack.channel("etl").messages.map(({ text }) => String(text));
  const has = (n: number) => () => texts().some((text) => text.endsWith(`said ${n}`));
  await until(has(1), { timeoutMs: 15_000 });
  const holder = one.log().includes("lease_taken") ? one : two;
  await holder.kill("SIGKILL");
  const killedAt = performance.now();
  await house.say(machine, "said 2");
  await until(has(2), { timeoutMs: 15_000 });
  const tookOverMs = performance.now() - killedAt;
  expect(tookOverMs).toBeLessThan(10_000);
  expect(texts().filter((text) => text.includes("said"))).toHaveLength(2);
}, 60_000);

test("D1: a rotated secret keeps the workspace connected, under the new one", async () => {
  await using slack = startSlack();
  await using house = await startHouse(program, slack, [], { POLARIS_SECRET: "" });
  await house.connect();
  const machine = startMachine({ project: "etl" });
  const has = (text: string) => () =>
    slack.channel("etl").messages.some((message) => JSON.stringify(message).includes(text));
  await house.say(machine, "before");
  await until(has("before"), { timeoutMs: 15_000 });
  for (const turn of ["once", "twice"]) {
    await (turn === "once" ? house.server.kill("SIGTERM") : undefined);
    await using again = await house.again("--rotate-secret");
    expect(again.log()).toContain('"slack.resealed"');
    await house.say(machine, `after ${turn}`);
    await until(has(`after ${turn}`), { timeoutMs: 15_000 });
  }
}, 60_000);

test("D8: polaris slack makes the app at Slack with a configuration token", async () => {
  await using slack = startSlack();
  const env = { PATH: process.env.PATH ?? "", SLACK_API_URL: slack.apiUrl };
  const run = async (token: string) => {
    const command = [...program, "slack", "--config-token", token];
    const child = Bun.spawn(command, { env, cwd: root, stdout: "pipe", stderr: "pipe" });
    const words = [child.stdout, child.stderr].map((stream) => new Response(stream).text());
    const [out = "", err = ""] = await Promise.all(words);
    return { code: await child.exited, out, err };
  };
  const made = await run(slack.configToken);
  expect(made.out).toContain(`SLACK_CLIENT_ID=${slack.clientId}`);
  const refused = await run("xoxe.xoxp-wrong");
  expect([refused.code, refused.err]).toEqual([
    1,
    expect.stringContaining("Slack did not make the app: invalid_auth."),
  ]);
});
