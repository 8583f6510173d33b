/** Slack apps: the server's own, from its environment, and those that organisations bring along. */
import { type Db, isTwice } from "../db/db.ts";
import { PolarisError } from "../wire/error.ts";
import { by, note } from "./audit.ts";
import type { Caller } from "./caller.ts";
import { type SealKeys, seal, unseal } from "./seal.ts";
import { asBridge } from "./slack-workspaces.ts";

export interface App {
  clientId: string;
  clientSecret: string;
  /** xapp-…: opens the connection over which Slack tells us things. */
  appToken: string | undefined;
  /** Whose it is; none: the server's own. */
  org: string | undefined;
}

export interface SlackSettings {
  apiUrl: string;
  /** Where people say yes. */
  authorizeUrl: string;
  /** The server's own app, when its environment names one. */
  app: App | undefined;
  redirectUri: string | undefined;
}

/** SLACK_CLIENT_ID, SLACK_CLIENT_SECRET, SLACK_APP_TOKEN, SLACK_REDIRECT_URI, SLACK_API_URL. */
export function slackOf(env: Record<string, string | undefined>): SlackSettings {
  const apiUrl = `${(env.SLACK_API_URL || "https://slack.com/api/").replace(/\/+$/, "")}/`;
  const clientId = env.SLACK_CLIENT_ID || undefined;
  return {
    apiUrl,
    authorizeUrl: new URL("/oauth/v2/authorize", apiUrl).href,
    app: clientId
      ? {
          clientId,
          clientSecret: env.SLACK_CLIENT_SECRET ?? "",
          appToken: env.SLACK_APP_TOKEN || undefined,
          org: undefined,
        }
      : undefined,
    redirectUri: env.SLACK_REDIRECT_URI || undefined,
  };
}

interface Row {
  org_id: string;
  client_id: string;
  client_secret: Uint8Array;
  app_token: Uint8Array | null;
}

export const secretOf = (clientId: string): string => `slack client secret ${clientId}`;
export const appTokenOf = (clientId: string): string => `slack app token ${clientId}`;

const appOf = (keys: SealKeys, row: Row): App => ({
  org: row.org_id,
  clientId: row.client_id,
  clientSecret: unseal(keys, row.client_secret, secretOf(row.client_id)),
  appToken: row.app_token ? unseal(keys, row.app_token, appTokenOf(row.client_id)) : undefined,
});

/** The app an organisation connects through: its own before the server's. */
export async function appFor(
  db: Db,
  keys: SealKeys,
  org: string,
  settings: SlackSettings,
): Promise<App | undefined> {
  const [row] = await db.as(
    org,
    (tx) => tx<Row[]>`
      select org_id, client_id, client_secret, app_token from slack_apps
      where org_id = ${org} order by created_at desc limit 1`,
  );
  return row ? appOf(keys, row) : settings.app;
}

/** Every app that a bridge keeps a connection for. */
export async function all(db: Db, keys: SealKeys, settings: SlackSettings): Promise<App[]> {
  const rows = await asBridge(
    db,
    (tx) => tx<Row[]>`
      select org_id, client_id, client_secret, app_token from slack_apps where app_token is not null`,
  );
  const own = rows.flatMap((row) => {
    try {
      return [appOf(keys, row)];
    } catch {
      return []; // sealed under a lost secret: the settings page says so
    }
  });
  const shared = settings.app?.appToken ? [settings.app] : [];
  return [...shared, ...own.filter(({ clientId }) => clientId !== settings.app?.clientId)];
}

/** Keeps the app that an organisation brings, in place of the one it had. */
export async function keep(
  db: Db,
  keys: SealKeys,
  caller: Caller,
  app: {
    clientId: string;
    clientSecret: string;
    appToken?: string | undefined;
    appId?: string | undefined;
  },
): Promise<void> {
  const { clientId, appToken } = app;
  const { org, participant } = caller;
  const secret = seal(keys, app.clientSecret, secretOf(clientId));
  try {
    await db.as(org, async (tx) => {
      const gone = await tx<{ client_id: string; app_token: Uint8Array | null }[]>`
        delete from slack_apps where org_id = ${org} returning client_id, app_token`;
      const before = gone.find(({ client_id }) => client_id === clientId)?.app_token ?? null;
      const token = appToken ? seal(keys, appToken, appTokenOf(clientId)) : before;
      await tx`
        insert into slack_apps (client_id, org_id, app_id, client_secret, app_token, created_by)
        values (${clientId}, ${org}, ${app.appId ?? null}, ${secret}, ${token}, ${participant})`;
      await note(tx, { ...by(caller), action: "slack.app_set", target: clientId });
    });
  } catch (error) {
    if (!isTwice(error)) throw error;
    throw new PolarisError("conflict", "Another organisation here uses this Slack app.", {
      hint: "Make an app of your own with the link.",
    });
  }
}

export async function keepToken(db: Db, keys: SealKeys, caller: Caller, appToken: string) {
  await db.as(caller.org, async (tx) => {
    const [row] = await tx<{ client_id: string }[]>`
      select client_id from slack_apps where org_id = ${caller.org} order by created_at desc limit 1`;
    if (!row) return;
    await tx`
      update slack_apps set app_token = ${seal(keys, appToken, appTokenOf(row.client_id))}
      where client_id = ${row.client_id} and org_id = ${caller.org}`;
    await note(tx, { ...by(caller), action: "slack.app_set", target: row.client_id });
  });
}
