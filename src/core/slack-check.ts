/** The self-test: asks Slack for everything that must be right, and says in words what is not. */
import type { Db } from "../db/db.ts";
import { PolarisError } from "../wire/error.ts";
import type { SlackCheck } from "../wire/slack.ts";
import type { Caller } from "./caller.ts";
import type { SealKeys } from "./seal.ts";
import { isSecretLost } from "./slack.ts";
import { call, SlackRefusal } from "./slack-api.ts";
import { type App, appFor, type SlackSettings } from "./slack-apps.ts";
import { SCOPES } from "./slack-manifest.ts";
import { CREDENTIALS, remedyOf } from "./slack-remedies.ts";
import { byTeam, type Workspace } from "./slack-workspaces.ts";

export async function check(
  db: Db,
  keys: SealKeys,
  caller: Caller,
  settings: SlackSettings,
): Promise<SlackCheck[]> {
  const { apiUrl } = settings;
  if (await isSecretLost(db, keys, caller, settings)) {
    const { says, remedy } = remedyOf("secret_lost");
    return [{ name: "secret", ok: false, says: `${says} ${remedy}` }];
  }
  const app = await appFor(db, keys, caller.org, settings);
  const row = await served(db, caller.org);
  const workspace = row && (await byTeam(db, keys, row.team_id));
  return [
    ...(await appChecks(app, apiUrl)),
    ...(await workspaceChecks(workspace, apiUrl)),
    {
      name: "bridge",
      ok: row?.held === true,
      says: row?.held
        ? "A bridge is at work for this workspace."
        : "No bridge is at work: run polaris bridge, or polaris serve without --no-bridge.",
    },
  ];
}

/** A bridge finds a new workspace within three seconds; who has just connected one is not told of a fault. */
const BEGINS_MS = 5000;

async function served(db: Db, org: string) {
  const end = performance.now() + BEGINS_MS;
  for (;;) {
    const [row] = await db.as(
      org,
      (tx) => tx<{ team_id: string; held: boolean; fresh: boolean }[]>`
        select i.team_id, coalesce(l.held_until > now(), false) as held,
          i.updated_at > now() - interval '15 seconds' as fresh
        from slack_installations i left join slack_leases l on l.team_id = i.team_id
        where i.org_id = ${org} and i.removed_at is null`,
    );
    if (!row || row.held || !row.fresh || performance.now() > end) return row;
    await Bun.sleep(200);
  }
}

/** What can be asked before a workspace is connected; `polaris setup` asks the same. */
export async function appChecks(app: App | undefined, apiUrl: string): Promise<SlackCheck[]> {
  if (!app) {
    return [{ name: "app", ok: false, says: "There is no Slack app yet: make one with the link." }];
  }
  const found = await known(app, apiUrl);
  if (!app.appToken) {
    return [
      found,
      {
        name: "app token",
        ok: false,
        says: "The app-level token is missing: at api.slack.com, Basic Information, App-Level Tokens, make one with connections:write and enter it here (xapp-…).",
      },
    ];
  }
  const opened = await ask("apps.connections.open", apiUrl, app.appToken);
  const says = opened.ok
    ? "The app-level token opens a connection."
    : opened.isAway
      ? opened.word
      : `The app-level token is refused (${opened.word}): make one with connections:write, and switch Socket Mode on.`;
  return [found, { name: "app token", ok: opened.ok, says }];
}

/** A code that Slack never gave: what it says against id and secret it says nonetheless, and nothing is connected. */
async function known({ clientId, clientSecret }: App, apiUrl: string): Promise<SlackCheck> {
  const args = { client_id: clientId, client_secret: clientSecret, code: "self-test" };
  const tried = await ask("oauth.v2.access", apiUrl, undefined, args);
  const wrong = tried.ok ? undefined : CREDENTIALS[tried.word];
  return { name: "app", ok: wrong === undefined, says: wrong ?? `The app ${clientId} is set.` };
}

async function workspaceChecks(
  workspace: Workspace | undefined,
  apiUrl: string,
): Promise<SlackCheck[]> {
  if (!workspace) {
    return [
      { name: "workspace", ok: false, says: "No workspace is connected: press Connect Slack." },
    ];
  }
  const tested = await ask("auth.test", apiUrl, workspace.token);
  if (!tested.ok) {
    if (tested.isAway) return [{ name: "workspace", ok: false, says: tested.word }];
    const { says, remedy } = remedyOf(tested.word);
    return [{ name: "workspace", ok: false, says: `${says} ${remedy}` }];
  }
  const scopes = Object.entries(SCOPES).map(([scope, what]) => {
    // A proxy may leave the header out; then there is nothing to compare with.
    const ok = tested.scopes.length === 0 || tested.scopes.includes(scope);
    const says = ok ? `Polaris may ${what}.` : `Without the scope ${scope} Polaris cannot ${what}.`;
    return { name: scope, ok, says };
  });
  return [{ name: "workspace", ok: true, says: `Slack knows us in ${workspace.name}.` }, ...scopes];
}

async function ask(
  method: string,
  apiUrl: string,
  token: string | undefined,
  args: Record<string, string> = {},
) {
  try {
    const { scopes } = await call(method, { apiUrl, token, args });
    return { ok: true as const, scopes };
  } catch (error) {
    if (error instanceof SlackRefusal)
      return { ok: false as const, word: error.word, isAway: false };
    if (error instanceof PolarisError)
      return { ok: false as const, word: error.message, isAway: true };
    throw error;
  }
}
