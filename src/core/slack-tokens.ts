/** Slack's tokens at rest: renewed where the app rotates them, sealed anew when our own secret has changed. */
import type { Db } from "../db/db.ts";
import { kidOf, type SealKeys, seal, unseal } from "./seal.ts";
import { call, OAuthAnswer } from "./slack-api.ts";
import { type App, appTokenOf, secretOf } from "./slack-apps.ts";
import { asBridge, tokenOf, type Workspace } from "./slack-workspaces.ts";

const refreshOf = (team: string): string => `slack refresh token ${team}`;

/** A rotating token lives 12 h; it is renewed when a third of that is left. */
export const isDue = ({ expiresAt }: Workspace): boolean =>
  expiresAt !== null && expiresAt.getTime() - Date.now() < 4 * 3600_000;

/**
 * Takes a new token where the app rotates them, under the row's lock: each refresh token works once. Answers the
 * workspace with a newer token than the caller's, if there is one now.
 */
export async function refresh(
  db: Db,
  keys: SealKeys,
  app: App,
  workspace: Workspace,
  apiUrl: string,
): Promise<Workspace | undefined> {
  const { team, org } = workspace;
  return db.as(org, async (tx) => {
    const [row] = await tx<
      { token: Uint8Array; refresh_token: Uint8Array | null; token_expires_at: Date | null }[]
    >`
      select token, refresh_token, token_expires_at from slack_installations
      where team_id = ${team} and removed_at is null for update`;
    if (!row) return undefined;
    const kept = unseal(keys, row.token, tokenOf(team));
    if (kept !== workspace.token) {
      return { ...workspace, token: kept, expiresAt: row.token_expires_at };
    }
    if (!row.refresh_token) return undefined;
    const { answer } = await call("oauth.v2.access", {
      apiUrl,
      args: {
        client_id: app.clientId,
        client_secret: app.clientSecret,
        grant_type: "refresh_token",
        refresh_token: unseal(keys, row.refresh_token, refreshOf(team)),
      },
    });
    const got = OAuthAnswer.parse(answer);
    const sealed = sealedOf(keys, team, got);
    await tx`
      update slack_installations set token = ${sealed.token}, refresh_token = ${sealed.refresh},
        token_expires_at = ${sealed.expiresAt}, updated_at = now()
      where team_id = ${team} and removed_at is null`;
    return { ...workspace, token: got.access_token, expiresAt: sealed.expiresAt };
  });
}

export function sealedOf(
  keys: SealKeys,
  team: string,
  got: {
    access_token: string;
    refresh_token?: string | undefined;
    expires_in?: number | undefined;
  },
) {
  return {
    token: seal(keys, got.access_token, tokenOf(team)),
    refresh: got.refresh_token ? seal(keys, got.refresh_token, refreshOf(team)) : null,
    expiresAt: got.expires_in ? new Date(Date.now() + got.expires_in * 1000) : null,
  };
}

/** Seals everything of Slack's under the current secret; answers how many secrets were under an older one. */
export async function reseal(db: Db, keys: SealKeys): Promise<number> {
  let count = 0;
  const anew = (sealed: Uint8Array | null, about: string): Buffer | null => {
    if (!sealed) return null;
    if (kidOf(sealed) === keys.current.kid) return Buffer.from(sealed);
    count++;
    return seal(keys, unseal(keys, sealed, about), about);
  };
  await asBridge(db, async (tx) => {
    const installed = await tx<
      { id: string; team_id: string; token: Uint8Array; refresh_token: Uint8Array | null }[]
    >`select id, team_id, token, refresh_token from slack_installations where removed_at is null for update`;
    for (const { id, team_id, token, refresh_token } of installed) {
      await tx`
        update slack_installations set token = ${anew(token, tokenOf(team_id))},
          refresh_token = ${anew(refresh_token, refreshOf(team_id))} where id = ${id}`;
    }
    const apps = await tx<
      { client_id: string; client_secret: Uint8Array; app_token: Uint8Array | null }[]
    >`select client_id, client_secret, app_token from slack_apps for update`;
    for (const { client_id, client_secret, app_token } of apps) {
      await tx`
        update slack_apps set client_secret = ${anew(client_secret, secretOf(client_id))},
          app_token = ${anew(app_token, appTokenOf(client_id))} where client_id = ${client_id}`;
    }
  });
  return count;
}
