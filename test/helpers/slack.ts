import type { Caller } from "../../src/core/caller.ts";
import { slackOf } from "../../src/core/slack-apps.ts";
import { begin, finish } from "../../src/core/slack-connect.ts";
import type { Db } from "../../src/db/db.ts";
import type { Log } from "../../src/lib/log.ts";
import { silent } from "../../src/lib/log.ts";
import { keysOf } from "../../src/server/keys.ts";
import { startBridge } from "../../src/slack/bridge.ts";
import type { Speak } from "../../src/slack/mirror.ts";
import { FakeSlack } from "../doubles/slack/fake.ts";
import type { FakeSlackOptions } from "../doubles/slack/model.ts";
import { type Polaris, SECRET } from "./polaris.ts";

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

/** Connects a workspace to the caller's organisation through the consent page. */
export async function connectSlack(db: Db, slack: Slack, caller: Caller, team = "T0ACME") {
  const place = { settings: slack.settings, redirectUri };
  const link = await begin(db, KEYS, caller, place);
  const answer = await fetch(`${link}&fake_team=${team}`, { redirect: "manual" });
  const { searchParams } = new URL(answer.headers.get("location") ?? "");
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
