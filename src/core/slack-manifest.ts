/**
 * The app that people make at Slack: assets/slack-manifest.json with the address of this server in it. Opening the link
 * fills everything in; with a configuration token Slack makes the app without a page.
 */
import { z } from "zod";
import manifest from "../../assets/slack-manifest.json" with { type: "json" };
import { call } from "./slack-api.ts";

/** What the app may do; each is needed, and the self-test says for what. */
export const SCOPES: Record<string, string> = {
  "app_mentions:read": "hear when somebody mentions Polaris",
  "channels:history": "hear replies in public channels",
  "channels:join": "come back into a public channel it was sent out of",
  "channels:manage": "make a channel for a project, set its topic, archive it",
  "channels:read": "know a channel's name and whether it is archived",
  "chat:write": "post",
  "chat:write.customize": "post under people's own names and pictures",
  commands: "offer /polaris",
  "files:write": "put long answers into a file",
  "groups:history": "hear replies in private channels it was asked into",
  "groups:read": "know private channels it was asked into",
  "groups:write": "work in private channels it was asked into",
  "im:history": "hear what people write to Polaris directly",
  "im:write": "write to people directly, when they follow a session",
  "reactions:write": "show with a reaction that a message was delivered",
  "users:read": "know people's names and pictures",
  "users:read.email": "match people in Slack with people in Polaris",
};

export const redirectOf = (publicUrl: string, setting?: string): string =>
  setting ?? `${publicUrl}/slack/callback`;

export function manifestFor(redirectUri: string) {
  const oauth = { ...manifest.oauth_config, redirect_urls: [redirectUri] };
  return { ...manifest, oauth_config: oauth };
}

/** Slack's page for a new app with everything filled in: choose the workspace, press Create. */
export function createLink(redirectUri: string): string {
  const link = new URL("https://api.slack.com/apps");
  link.searchParams.set("new_app", "1");
  link.searchParams.set("manifest_json", JSON.stringify(manifestFor(redirectUri)));
  // A page that reads the address by script would keep the plus for a space.
  return link.href.replaceAll("+", "%20");
}

const Created = z.object({
  app_id: z.string(),
  credentials: z.object({ client_id: z.string(), client_secret: z.string() }),
});

/** Makes the app with a configuration token (xoxe.xoxp-…, from https://api.slack.com/apps, good for 12 h). */
export async function create(apiUrl: string, token: string, redirectUri: string) {
  const args = { manifest: JSON.stringify(manifestFor(redirectUri)) };
  await call("apps.manifest.validate", { apiUrl, token, args });
  const { answer } = await call("apps.manifest.create", { apiUrl, token, args });
  const { app_id, credentials } = Created.parse(answer);
  return {
    appId: app_id,
    clientId: credentials.client_id,
    clientSecret: credentials.client_secret,
  };
}
