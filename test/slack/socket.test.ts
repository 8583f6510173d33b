import { afterAll, beforeAll, expect, test } from "bun:test";
import { silent } from "../../src/lib/log.ts";
import { until } from "../../src/lib/until.ts";
import { proxyOf } from "../../src/slack/proxy.ts";
import { type SlackSocket, type SocketState, startSocket } from "../../src/slack/socket.ts";
import { type Slack, startSlack } from "../helpers/slack.ts";

let slack: Slack;
let socket: SlackSocket;
const heard: string[] = [];
const states: { state: SocketState; gapMs?: number; error?: string }[] = [];
/** False: no receipt is given, as when nothing can be stored. */
let takes = true;

const start = (appToken: string) =>
  startSocket({
    appToken,
    apiUrl: slack.apiUrl,
    log: silent,
    pingMs: 300,
    deadAfterMs: 1500,
    drainMs: 300,
    refusedMs: 200,
    onState: (state, detail) => states.push({ state, ...detail }),
    onEnvelope(envelope, ack) {
      const { event } = envelope.payload as { event?: { text?: string } };
      if (!takes) return;
      heard.push(String(event?.text));
      ack();
    },
  });

beforeAll(async () => {
  slack = startSlack();
  const { botUserId } = slack.install();
  slack.channel("general").members.add(botUserId);
  socket = start(slack.appToken);
  await until(() => socket.isConnected);
});
afterAll(async () => {
  await socket[Symbol.asyncDispose]();
  await until(() => slack.connections === 0);
  await slack.stop();
});
const say = (text: string) => slack.say("general", "krishna", text);
const hears = (text: string, timeoutMs = 8000) =>
  until(() => heard.includes(text), { timeoutMs, what: `"${text}" to be heard` });

test("D7: a routine refresh leaves no moment without a connection", async () => {
  const before = states.length;
  slack.disconnect("refresh_requested", 1000);
  await until(() => states.length > before);
  expect(states.at(-1)).toEqual({ state: "connected", gapMs: 0 });
  await say("after the refresh");
  await hears("after the refresh");
  expect(heard.filter((text) => text === "after the refresh")).toHaveLength(1);
});

test("D7: after a cut the connection is there again within a second", async () => {
  const before = states.length;
  slack.kill();
  const back = await until(() => states.slice(before).find(({ state }) => state === "connected"));
  expect(back.gapMs).toBeLessThan(1000);
  await say("after the cut");
  await hears("after the cut");
});

test("D7: a connection on which nothing passes any more is noticed and replaced", async () => {
  const before = slack.opened;
  slack.freeze();
  await say("into the silence");
  await until(() => !socket.isConnected, { what: "the silence to be noticed" });
  slack.thaw();
  await until(() => slack.opened > before && socket.isConnected);
  await hears("into the silence");
});

test("D7: an event that could not be stored gets no receipt, and comes again", async () => {
  takes = false;
  await say("not now");
  await until(() => (slack.deliveries.at(-1)?.attempts.length ?? 0) >= 2);
  expect(heard).not.toContain("not now");
  takes = true;
  await hears("not now");
  await until(() => slack.deliveries.at(-1)?.state === "acked");
});

test("D8: a refused token is said, and taken again once it is good", async () => {
  slack.fault("apps.connections.open", { error: "invalid_auth", times: 2 });
  const before = states.length;
  await using other = start(slack.appToken);
  await until(() => other.isConnected);
  expect(states.slice(before).map(({ state }) => state)).toEqual([
    "refused",
    "refused",
    "connected",
  ]);
});

test.each([
  ["wss://x.slack.com/link", { HTTPS_PROXY: "http://proxy:3128" }, "http://proxy:3128"],
  ["wss://x.slack.com/link", { https_proxy: "http://low:1", NO_PROXY: "" }, "http://low:1"],
  ["wss://x.slack.com/link", { HTTPS_PROXY: "http://proxy:1", NO_PROXY: ".slack.com" }, undefined],
  ["wss://x.slack.com/link", { HTTPS_PROXY: "http://proxy:1", NO_PROXY: "*" }, undefined],
  ["wss://x.notslack.com/", { HTTPS_PROXY: "http://p:1", NO_PROXY: "slack.com" }, "http://p:1"],
  ["ws://localhost/link", { HTTPS_PROXY: "http://proxy:3128" }, undefined],
])("D8: %s with %o goes through %s", (address, env, proxy) => {
  expect(proxyOf(address, env)).toBe(proxy);
});
