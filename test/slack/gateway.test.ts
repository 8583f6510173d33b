import { afterAll, beforeAll, expect, test } from "bun:test";
import { createEmulator, type Emulator } from "emulate";
import { begin, finish } from "../../src/core/slack-connect.ts";
import { SCOPES } from "../../src/core/slack-manifest.ts";
import { until } from "../../src/lib/until.ts";
import type { Bridge } from "../../src/slack/bridge.ts";
import { plain } from "../helpers/plain.ts";
import { type Polaris, startMachine, startPolaris } from "../helpers/polaris.ts";
import { freePort } from "../helpers/port.ts";
import { KEYS, type Slack, startSlack, startTestBridge } from "../helpers/slack.ts";

/**
 * The same flows with somebody else's Slack behind our double: `emulate` answers the Web API and OAuth; the double adds
 * what it lacks (Socket Mode and events). So that not only our own idea of Slack says yes.
 */
const redirectUri = "http://localhost:3000/slack/callback";
let emulator: Emulator;
let slack: Slack;
let polaris: Polaris;
let bridge: Bridge;
let token = "";

beforeAll(async () => {
  const scopes = Object.keys(SCOPES);
  emulator = await createEmulator({
    service: "slack",
    port: await freePort(),
    seed: {
      slack: {
        team: { name: "Acme", domain: "acme" },
        users: [{ name: "manu", real_name: "Manu", email: "manu@example.com" }],
        oauth_apps: [
          {
            client_id: "111111.222222",
            client_secret: "client-secret",
            app_id: "A0POLARIS1",
            name: "Polaris",
            redirect_uris: [redirectUri],
            scopes,
            bot_name: "polaris",
          },
        ],
        tokens: [
          {
            token: "xoxp-manu",
            user: "manu",
            scopes: ["chat:write", "channels:read", "channels:join"],
          },
        ],
        strict_scopes: true,
      },
    },
  });
  slack = startSlack({ upstream: emulator.url, teams: [] });
  polaris = await startPolaris({ slack: slack.settings });
});
afterAll(async () => {
  await bridge?.[Symbol.asyncDispose]();
  await polaris[Symbol.asyncDispose]();
  await slack.stop();
  await emulator.close();
});

const api = async (method: string, args: Record<string, string>) => {
  const response = await fetch(`${emulator.url}/api/${method}`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}` },
    body: new URLSearchParams(args),
  });
  return (await response.json()) as {
    ok: boolean;
    channels?: { id: string; name: string }[];
    messages?: { text: string; ts: string; thread_ts?: string }[];
  };
};

test("D1: a workspace of the emulator is connected through its own consent page", async () => {
  const place = { settings: slack.settings, redirectUri };
  const link = await begin(polaris.db, KEYS, polaris.caller, place);
  const page = await (await fetch(link)).text();
  const forms = [...page.matchAll(/<form[^>]*action="([^"]+)"[^>]*>([\s\S]*?)<\/form>/g)];
  const [, action = "", body = ""] = forms.find(([form]) => form.includes("manu")) ?? [];
  const fields = [...body.matchAll(/name="([^"]*)"[^>]*value="([^"]*)"/g)];
  const yes = await fetch(new URL(action, slack.url), {
    method: "POST",
    redirect: "manual",
    body: new URLSearchParams(fields.map(([, name = "", value = ""]) => [name, value])),
  });
  const { searchParams } = new URL(yes.headers.get("location") ?? "");
  const [code, state] = [searchParams.get("code") ?? "", searchParams.get("state") ?? ""];
  const done = await finish(polaris.db, KEYS, polaris.caller, { ...place, code, state });
  expect(done).toMatchObject({ name: "Acme", missing: [] });
});

test("D2, D3: channel, thread and order stand in the emulator's own history", async () => {
  bridge = startTestBridge(polaris, slack, { pace: 20, speak: plain });
  await until(() => bridge.teams.length > 0 && bridge.connected.length > 0);
  token =
    slack.calls("oauth.v2.access").length > 0
      ? ([...slack.teams.values()][0]?.install?.token ?? "")
      : "";
  const machine = startMachine({ project: "etl" });
  const texts = Array.from({ length: 12 }, (_, n) => `line ${n}`);
  await polaris.ingest([machine.head(), ...texts.map((text) => machine.line({ text }))]);
  const channel = await until(async () =>
    (await api("conversations.list", { limit: "100" })).channels?.find(
      ({ name }) => name === "etl",
    ),
  );
  const history = async () =>
    (await api("conversations.history", { channel: channel.id, limit: "100" })).messages ?? [];
  const root = await until(async () =>
    (await history()).find(({ text }) => text.includes("s-0001")),
  );
  const replies = await until(async () => {
    const { messages = [] } = await api("conversations.replies", {
      channel: channel.id,
      ts: root.ts,
    });
    return messages.length > texts.length && messages;
  });
  expect(replies.slice(1).map(({ text }) => text)).toEqual(
    texts.map((text) => `user:manu: ${text}`),
  );
});

test("D7: a post that took effect and was answered with a 504 is found there by its metadata", async () => {
  slack.fault("chat.postMessage", { status: 504, apply: true });
  const machine = startMachine({ project: "etl" });
  await polaris.ingest([machine.head(), machine.line({ text: "only once" })]);
  const row = () => polaris.database.admin`select state, helped from slack_outbox where helped`;
  await until(async () => (await row())[0]?.state === "done", { timeoutMs: 15_000 });
  const { channels = [] } = await api("conversations.list", { limit: "100" });
  const channel = channels.find(({ name }) => name === "etl")?.id ?? "";
  const texts = async () => {
    const { messages = [] } = await api("conversations.history", { channel, limit: "100" });
    const threads = messages.map(({ ts }) => api("conversations.replies", { channel, ts }));
    const all = (await Promise.all(threads)).flatMap(({ messages: each = [] }) => each);
    return [...new Map(all.map(({ ts, text }) => [ts, text])).values()];
  };
  await until(async () => (await texts()).some((text) => text.endsWith("only once")));
  const said = await texts();
  expect(said.filter((text) => text.endsWith("only once"))).toHaveLength(1);
  // Two sessions, two threads: the one whose answer was lost was not opened twice.
  expect(said.filter((text) => text.startsWith("etl · "))).toHaveLength(2);
});
