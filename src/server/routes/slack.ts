import { Elysia } from "elysia";
import type { Caller } from "../../core/caller.ts";
import { input } from "../../core/input.ts";
import * as slack from "../../core/slack.ts";
import { SlackRefusal } from "../../core/slack-api.ts";
import * as apps from "../../core/slack-apps.ts";
import { check } from "../../core/slack-check.ts";
import { anew, link, teamOf } from "../../core/slack-link.ts";
import { create } from "../../core/slack-manifest.ts";
import { remove } from "../../core/slack-removal.ts";
import { PolarisError } from "../../wire/error.ts";
import { NewManifest, NewSlackApp, SlackChannel } from "../../wire/slack.ts";
import { readJson } from "../body.ts";
import { guard } from "../guard.ts";
import type { House } from "../house.ts";
import { slackPlace } from "../slack.ts";
import { NO_PARSE } from "./projects.ts";

/** How the organisation stands with Slack, and what an admin may do about it (rows D1, D2). */
export const slackRoutes = (house: House) => {
  const { db, keys } = house;
  const { settings } = house.slack;
  return new Elysia({ name: "slack" })
    .use(guard(house))
    .get("/orgs/slack", ({ caller }) => slack.status(db, keys, caller, slackPlace(house)), {
      needs: "read",
    })
    .delete("/orgs/slack", ({ caller }) => disconnect(house, caller), {
      needs: "admin",
      ...NO_PARSE,
    })
    .post(
      "/orgs/slack/checks",
      async ({ caller }) => ({ items: await check(db, keys, caller, settings) }),
      { needs: "admin", ...NO_PARSE },
    )
    .put(
      "/orgs/slack/app",
      async ({ caller, request }) => {
        const { appToken, ...app } = input(NewSlackApp, await readJson(request));
        await apps.keep(db, keys, caller, { ...app, appToken: appToken || undefined });
        return { clientId: app.clientId };
      },
      { needs: "admin", ...NO_PARSE },
    )
    .post(
      "/orgs/slack/app",
      async ({ caller, request }) => {
        const { token } = input(NewManifest, await readJson(request));
        return { clientId: await make(house, caller, token) };
      },
      { needs: "admin", ...NO_PARSE },
    )
    .put(
      "/projects/:proj/slack/channel",
      async ({ caller, params, request }) => {
        const { channel } = input(SlackChannel, await readJson(request));
        return link(db, keys, caller, { slug: params.proj, channel, settings });
      },
      { needs: "admin", ...NO_PARSE },
    )
    .delete(
      "/projects/:proj/slack/channel",
      async ({ caller, params }) => {
        await anew(db, caller, params.proj);
        return { channel: null };
      },
      { needs: "admin", ...NO_PARSE },
    );
};

export async function disconnect({ db }: House, caller: Caller): Promise<{ removed: boolean }> {
  const team = await teamOf(db, caller.org);
  const { participant: actor, address, org } = caller;
  return { removed: await remove(db, { org, team }, { actor, address, why: "disconnected here" }) };
}

/** Makes the app at Slack with a configuration token, and keeps it. */
export async function make(house: House, caller: Caller, token: string): Promise<string> {
  const { settings, redirectUri } = slackPlace(house);
  try {
    const app = await create(settings.apiUrl, token, redirectUri);
    await apps.keep(house.db, house.keys, caller, app);
    return app.clientId;
  } catch (error) {
    if (!(error instanceof SlackRefusal)) throw error;
    throw new PolarisError("provider_refused", `Slack did not make the app: ${error.word}.`, {
      hint: "Configuration tokens are good for 12 hours: make a new one at api.slack.com/apps.",
      cause: error,
    });
  }
}
