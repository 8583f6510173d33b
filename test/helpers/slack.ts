import { createEmulator } from "emulate";
import type { Caller } from "../../src/core/caller.ts";
import { slackOf } from "../../src/core/slack-apps.ts";
import { begin, finish } from "../../src/core/slack-connect.ts";
import { SCOPES } from "../../src/core/slack-manifest.ts";
import type { Db } from "../../src/db/db.ts";
import type { Log } from "../../src/lib/log.ts";
import { silent } from "../../src/lib/log.ts";
import { keysOf } from "../../src/server/keys.ts";
import { startBridge } from "../../src/slack/bridge.ts";
import type { Speak } from "../../src/slack/mirror.ts";
import { FakeSlack } from "../doubles/slack/fake.ts";
import type { FakeSlackOptions } from "../doubles/slack/model.ts";
import { type Polaris, SECRET } from "./polaris.ts";
import { freePort } from "./port.ts";

/** Slack's clocks made quick: a receipt is awaited for 0.4 s, a repetition comes soon. */
export function startSlack(options: Partial<FakeSlackOptions> = {}) {
  const slack = FakeSlack.start({
    teams: [
      {
        id: "T0ACME",
        name: "Acme",
        users: [
          {
            id: "U0MANU",
            name: "manu",
            realName: "Manu",
            email: "manu@example.com",
            isAdmin: true,
          },
          {
            id: "U0KRISHNA",
            name: "krishna",
            realName: "Krishna",
            email: "krishna@example.com",
          },
        ],
      },
    ],
    ackTimeoutMs: 400,
    retryDelaysMs: [50, 200, 400, 1000, 2000],
    pingIntervalMs: 300,
    ...options,
  });
  const settings = slackOf({
    SLACK_API_URL: slack.apiUrl,
    SLACK_CLIENT_ID: slack.clientId,
    SLACK_CLIENT_SECRET: slack.clientSecret,
    SLACK_APP_TOKEN: slack.appToken,
  });
  return Object.assign(slack, {
    settings,
    async [Symbol.asyncDispose]() {
      await slack.stop();
    },
  });
}
export type Slack = ReturnType<typeof startSlack>;

const redirectUri = "http://localhost:3000/slack/callback";
export const KEYS = keysOf([SECRET]);

/** Who answers the app's calls: our double alone, or `emulate` behind it, so that not only our own idea of Slack says yes. */
export const ANSWERS = ["our Slack", "emulate"] as const;
export type Answers = (typeof ANSWERS)[number];

const seedOf = (name: string, more: object = {}) => ({
  name: name.toLowerCase(),
  real_name: name,
  email: `${name.toLowerCase()}@example.com`,
  profile: { display_name: name },
  ...more,
});

/** The same workspace, kept by whom the test wants. */
export const startSlackOf = (answers: Answers, options: Partial<FakeSlackOptions> = {}) =>
  answers === "emulate" ? startEmulated(options) : startSlack(options);

/** `emulate` keeps the workspace and answers; the double stands before it with what it lacks (`doubles/slack/emulate.ts`). */
async function startEmulated(options: Partial<FakeSlackOptions>): Promise<Slack> {
  const tokens = { manu: "xoxp-manu", krishna: "xoxp-krishna", priya: "xoxp-priya" };
  const emulator = await createEmulator({
    service: "slack",
    port: await freePort(),
    seed: {
      slack: {
        team: { name: "Acme", domain: "acme" },
        users: [seedOf("Manu", { is_admin: true }), seedOf("Krishna"), seedOf("Priya")],
        oauth_apps: [
          {
            client_id: "111111.222222",
            client_secret: "client-secret",
            app_id: "A0POLARIS1",
            name: "Polaris",
            redirect_uris: [redirectUri, "http://localhost:4321/slack/callback"],
            scopes: Object.keys(SCOPES),
            bot_name: "polaris",
          },
        ],
        tokens: Object.entries(tokens).map(([user, token]) => ({ token, user })),
        strict_scopes: true,
      },
    },
  });
  const slack = startSlack({ ...options, upstream: emulator.url, teams: [] });
  await slack.meet(tokens);
  return Object.assign(slack, {
    async [Symbol.asyncDispose]() {
      await slack.stop();
      await emulator.close();
    },
  });
}

/** Connects a workspace to the caller's organisation through the consent page. */
export async function connectSlack(db: Db, slack: Slack, caller: Caller, team?: string) {
  const place = { settings: slack.settings, redirectUri };
  const link = await begin(db, KEYS, caller, place);
  const { searchParams } = await slack.agree(link, team ? { team } : {});
  const [code, state] = [searchParams.get("code") ?? "", searchParams.get("state") ?? ""];
  return finish(db, KEYS, caller, { ...place, code, state });
}

/** A bridge on this server's database, in this process. */
export function startTestBridge(
  { house, db }: Pick<Polaris, "house" | "db">,
  slack: Slack,
  { log = silent, pace = 1, speak }: { log?: Log; pace?: number; speak?: Speak } = {},
) {
  const { feed, bell, publicUrl } = house;
  return startBridge({
    db,
    feed,
    bell,
    log,
    keys: KEYS,
    settings: slack.settings,
    publicUrl,
    pace,
    speak,
    timings: { pingMs: 500, deadAfterMs: 2000, drainMs: 200, refusedMs: 1000 },
  });
}
