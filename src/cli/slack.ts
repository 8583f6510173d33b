import { SlackRefusal } from "../core/slack-api.ts";
import { slackOf } from "../core/slack-apps.ts";
import { create, createLink, redirectOf } from "../core/slack-manifest.ts";
import { PolarisError } from "../wire/error.ts";
import { NewManifest } from "../wire/slack.ts";
import { parse } from "./args.ts";
import { configure } from "./kit/server-env.ts";
import { publicUrlOf } from "./kit/setup/questions.ts";

export const help = `
Make the Slack app for this server: a link that opens Slack's page with everything filled in, and what to do after it.

Usage: polaris slack [--public-url URL] [--config-token xoxe.xoxp-…] [--data-dir DIR] [--json]

  --public-url URL       the address people use (default: what polaris setup wrote down, else http://localhost:4321)
  --config-token TOKEN   make the app at once, with a configuration token from https://api.slack.com/apps
  --data-dir DIR         the server's (POLARIS_DATA_DIR)
  --json                 one line of JSON

Examples:
  polaris slack
  polaris slack --public-url https://polaris.example.com
`;

export async function run(args: string[]): Promise<void> {
  configure(args);
  const { values } = parse({
    args,
    options: {
      "data-dir": { type: "string" },
      "public-url": { type: "string" },
      "config-token": { type: "string" },
      json: { type: "boolean", default: false },
    },
  });
  const { apiUrl, redirectUri } = slackOf(process.env);
  const { POLARIS_PUBLIC_URL: known = "", POLARIS_PORT = "" } = process.env;
  const url = publicUrlOf({ POLARIS_PUBLIC_URL: values["public-url"] ?? known, POLARIS_PORT });
  const back = redirectOf(url, redirectUri);
  const token = values["config-token"];
  if (token) return made(await make(apiUrl, token, back), values.json, url);
  const link = createLink(back);
  if (values.json) return void console.log(JSON.stringify({ createLink: link, redirectUri: back }));
  console.log(`1. Open this link, choose the workspace, press Create:\n\n${link}\n`);
  console.log("2. On the app's page, Basic Information: copy client id and client secret; under");
  console.log("   App-Level Tokens generate one with connections:write (xapp-…).\n");
  console.log(`3. Enter the three under ${url}/app/settings/slack and press Connect Slack.`);
  console.log(
    "   For all organisations of this server set SLACK_CLIENT_ID, SLACK_CLIENT_SECRET and",
  );
  console.log("   SLACK_APP_TOKEN instead.");
}

type Made = Awaited<ReturnType<typeof create>>;

async function make(apiUrl: string, token: string, back: string): Promise<Made> {
  if (!NewManifest.safeParse({ token }).success) {
    throw new PolarisError("invalid_input", "A configuration token begins with xoxe.", {
      hint: "https://api.slack.com/apps, Your App Configuration Tokens, Generate Token.",
    });
  }
  try {
    return await create(apiUrl, token, back);
  } catch (error) {
    if (!(error instanceof SlackRefusal)) throw error;
    throw new PolarisError("provider_refused", `Slack did not make the app: ${error.word}.`, {
      hint: "Configuration tokens are good for 12 hours: make a new one at https://api.slack.com/apps.",
      cause: error,
    });
  }
}

function made(app: Made, json: boolean, url: string): void {
  if (json) return void console.log(JSON.stringify(app));
  console.log(`The app ${app.appId} is made. Start the server with:\n`);
  console.log(`  SLACK_CLIENT_ID=${app.clientId}`);
  console.log(`  SLACK_CLIENT_SECRET=${app.clientSecret}`);
  console.log("  SLACK_APP_TOKEN=xapp-…\n");
  console.log(
    `The last one from https://api.slack.com/apps/${app.appId}/general: App-Level Tokens,`,
  );
  console.log(
    `Generate with connections:write. Then press Connect Slack: ${url}/app/settings/slack`,
  );
}
