/**
 * Connecting a workspace: to Slack's consent page and back. The state is random, works once, for ten minutes, and only
 * in the browser session in which an admin began it.
 */
import type { Db } from "../db/db.ts";
import { isTwice } from "../db/db.ts";
import { uuid7 } from "../lib/uuid.ts";
import { PolarisError } from "../wire/error.ts";
import { by, note } from "./audit.ts";
import type { Caller } from "./caller.ts";
import type { SealKeys } from "./seal.ts";
import { hashOf, newSecret } from "./secrets.ts";
import { call, OAuthAnswer, SlackRefusal } from "./slack-api.ts";
import { appFor, type SlackSettings } from "./slack-apps.ts";
import { SCOPES } from "./slack-manifest.ts";
import { beginHere } from "./slack-mirror.ts";
import { CREDENTIALS } from "./slack-remedies.ts";
import { sealedOf } from "./slack-tokens.ts";

interface Place {
  settings: SlackSettings;
  redirectUri: string;
}

/** Where to send the admin's browser. */
export async function begin(
  db: Db,
  keys: SealKeys,
  caller: Caller,
  { settings, redirectUri }: Place,
): Promise<string> {
  const app = await appFor(db, keys, caller.org, settings);
  if (!app) throw noApp();
  const state = newSecret("s");
  await db.as(caller.org, async (tx) => {
    await tx`delete from slack_connects where expires_at < now()`;
    await tx`
      insert into slack_connects (state_hash, org_id, device_id, client_id, expires_at)
      values (${hashOf(state)}, ${caller.org}, ${caller.token}, ${app.clientId}, now() + interval '10 minutes')`;
  });
  const to = new URL(settings.authorizeUrl);
  to.searchParams.set("client_id", app.clientId);
  to.searchParams.set("scope", Object.keys(SCOPES).join(","));
  to.searchParams.set("redirect_uri", redirectUri);
  to.searchParams.set("state", state);
  return to.href;
}

/** Slack's answer: takes the code, asks who we are there, keeps the token. Answers the workspace's name. */
export async function finish(
  db: Db,
  keys: SealKeys,
  caller: Caller,
  { settings, redirectUri, ...query }: Place & Returned,
): Promise<{ team: string; name: string; missing: string[] }> {
  const [begun] = await db.as(
    caller.org,
    (tx) => tx<{ client_id: string }[]>`
      update slack_connects set used_at = now()
      where state_hash = ${hashOf(query.state ?? "")} and device_id = ${caller.token}
        and used_at is null and expires_at > now()
      returning client_id`,
  );
  if (!begun) throw over();
  if (query.error || !query.code) throw cancelled(query.error);
  const app = await appFor(db, keys, caller.org, settings);
  if (!app || app.clientId !== begun.client_id) throw over();
  const { apiUrl } = settings;
  try {
    const { answer } = await call("oauth.v2.access", {
      apiUrl,
      args: {
        client_id: app.clientId,
        client_secret: app.clientSecret,
        code: query.code,
        redirect_uri: redirectUri,
      },
    });
    const got = OAuthAnswer.parse(answer);
    const self = await call("auth.test", { apiUrl, token: got.access_token });
    const bot = typeof self.answer.bot_id === "string" ? self.answer.bot_id : "";
    return await keep(db, keys, caller, { clientId: app.clientId, got, bot });
  } catch (error) {
    if (!(error instanceof SlackRefusal)) throw error;
    throw new PolarisError("provider_refused", `Slack refused the connection: ${error.word}.`, {
      hint: REMEDIES[error.word] ?? "Begin again under Settings, Slack.",
      cause: error,
    });
  }
}

export interface Returned {
  code?: string | undefined;
  state?: string | undefined;
  error?: string | undefined;
}

async function keep(
  db: Db,
  keys: SealKeys,
  caller: Caller,
  { clientId, got, bot }: { clientId: string; got: OAuthAnswer; bot: string },
) {
  const { id: team, name } = got.team;
  const scopes = got.scope.split(",").filter(Boolean);
  const missing = Object.keys(SCOPES).filter((scope) => !scopes.includes(scope));
  const sealed = sealedOf(keys, team, got);
  const row = { org: caller.org, team, name, scopes, missing };
  try {
    await db.as(caller.org, async (tx) => {
      const [old] = await tx<{ id: string; team_id: string; team_name: string }[]>`
        select id, team_id, team_name from slack_installations where removed_at is null for update`;
      if (old && old.team_id !== team) throw another(old.team_name);
      const state = missing.length > 0 ? "paused" : "live";
      const problem = missing.length > 0 ? "missing_scope" : null;
      const detail = missing.join(",") || null;
      const list = tx.array(scopes, "TEXT");
      if (old) {
        await tx`
          update slack_installations set client_id = ${clientId}, team_name = ${name}, bot_user_id = ${got.bot_user_id},
            bot_id = ${bot}, scopes = ${list}, token = ${sealed.token}, refresh_token = ${sealed.refresh},
            token_expires_at = ${sealed.expiresAt}, installed_by = ${caller.participant},
            installer = ${got.authed_user?.id ?? null}, state = ${state}, problem = ${problem},
            problem_detail = ${detail}, problem_at = case when ${problem}::text is null then null else now() end,
            updated_at = now()
          where id = ${old.id}`;
      } else {
        await tx`
          insert into slack_installations (id, org_id, client_id, team_id, team_name, bot_user_id, bot_id, scopes, token,
            refresh_token, token_expires_at, installed_by, installer, state, problem, problem_detail)
          values (${uuid7()}, ${caller.org}, ${clientId}, ${team}, ${name}, ${got.bot_user_id}, ${bot}, ${list},
            ${sealed.token}, ${sealed.refresh}, ${sealed.expiresAt}, ${caller.participant},
            ${got.authed_user?.id ?? null}, ${state}, ${problem}, ${detail})`;
        await tx`update slack_channels set removed_at = now() where team_id <> ${team} and removed_at is null`;
        await beginHere(tx, caller.org);
      }
      const act = { action: old ? "slack.reconnected" : "slack.connected", target: team };
      await note(tx, { ...by(caller), ...act, detail: { name, missing } });
    });
  } catch (error) {
    if (isTwice(error)) throw elsewhere(name);
    throw error;
  }
  return { team: row.team, name: row.name, missing: row.missing };
}

const REMEDIES: Record<string, string> = {
  bad_redirect_uri: "The app's redirect URL must be exactly the one shown under Settings, Slack.",
  ...CREDENTIALS,
  invalid_code: "The answer was too old. Begin again.",
  code_already_used: "This answer was used already. Begin again.",
};

const noApp = (): PolarisError =>
  new PolarisError("conflict", "There is no Slack app to connect with yet.", {
    hint: "Make one with the link under Settings, Slack, and enter its client id and secret.",
  });

const over = (): PolarisError =>
  new PolarisError("sign_in_over", "This connection is over, or began in another browser.", {
    hint: "Begin again under Settings, Slack. It takes at most ten minutes, in one browser.",
  });

const cancelled = (error = "access_denied"): PolarisError =>
  new PolarisError("sign_in_cancelled", "Slack was not connected.", {
    hint:
      error === "access_denied"
        ? "You said no at Slack. Begin again when you want to."
        : `Slack's word for it: ${error}.`,
  });

const another = (name: string): PolarisError =>
  new PolarisError("conflict", `This organisation is connected to the workspace ${name}.`, {
    hint: "Disconnect that one first.",
  });

const elsewhere = (name: string): PolarisError =>
  new PolarisError("conflict", `The workspace ${name} is connected to another organisation.`, {
    hint: "An admin there can disconnect it under Settings, Slack.",
  });
