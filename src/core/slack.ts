/** How an organisation stands with Slack, in words. */
import type { Db } from "../db/db.ts";
import { PolarisError } from "../wire/error.ts";
import type { SlackProblem, SlackStatus } from "../wire/slack.ts";
import { visible } from "./access.ts";
import type { Caller } from "./caller.ts";
import type { SealKeys } from "./seal.ts";
import { appFor, type SlackSettings } from "./slack-apps.ts";
import { createLink, SCOPES } from "./slack-manifest.ts";
import { deafness, remedyOf } from "./slack-remedies.ts";
import { byTeam } from "./slack-workspaces.ts";

interface Installed {
  team: string;
  name: string;
  state: "live" | "paused";
  problem: string | null;
  problem_detail: string | null;
  deaf: string | null;
  scopes: string[];
  installed_by: string;
  updated_at: Date;
  held: boolean;
}

interface Place {
  project: string;
  channel: string | null;
  name: string;
  state: SlackStatus["channels"][number]["state"];
  is_linked: boolean;
  shared: boolean | null;
  problem: string | null;
}

export async function status(
  db: Db,
  keys: SealKeys,
  caller: Caller,
  { settings, redirectUri }: { settings: SlackSettings; redirectUri: string },
): Promise<SlackStatus> {
  const app = await appFor(db, keys, caller.org, settings).catch(() => undefined);
  const isLost = await isSecretLost(db, keys, caller, settings);
  return db.as(caller.org, async (tx) => {
    const [row] = await tx<Installed[]>`
      select i.team_id as team, i.team_name as name, i.state, i.problem, i.problem_detail, i.scopes, i.installed_by,
        i.updated_at, i.settings->>'deaf' as deaf, coalesce(l.held_until > now(), false) as held
      from slack_installations i left join slack_leases l on l.team_id = i.team_id
      where i.org_id = ${caller.org} and i.removed_at is null`;
    const [box] = await tx<
      { waiting: number; oldest: Date | null; dropped: number; looked: number }[]
    >`
      select open.*, odd.* from (
        select count(*)::int as waiting, min(created_at) as oldest from slack_outbox
        where org_id = ${caller.org} and state in ('waiting', 'sending')
      ) open, (
        select count(*) filter (where state = 'dropped' and error <> 'disconnected')::int as dropped,
          count(*) filter (where helped)::int as looked
        from slack_outbox where org_id = ${caller.org} and (state = 'dropped' or helped)
      ) odd`;
    const places = await tx<Place[]>`
      select p.slug as project, c.channel, c.name, c.state, c.is_linked, c.problem,
        c.settings->'shared' = 'true' as shared
      from slack_channels c join projects p on p.id = c.project_id
      where c.removed_at is null and c.session_id is null and ${visible(tx, caller)} order by p.slug limit 500`;
    return {
      app: app
        ? { clientId: app.clientId, isOwn: app.org !== undefined, hasAppToken: !!app.appToken }
        : null,
      createLink: createLink(redirectUri),
      redirectUri,
      workspace: row
        ? {
            team: row.team,
            name: row.name,
            state: row.state,
            problem: isLost
              ? problemOf("secret_lost", null)
              : problemOf(row.problem, row.problem_detail),
            deaf: row.deaf ? { word: row.deaf, detail: null, ...deafness(row.deaf) } : null,
            missing: Object.keys(SCOPES).filter((scope) => !row.scopes.includes(scope)),
            connectedBy: row.installed_by,
            connectedAt: row.updated_at.toISOString(),
            isServed: row.held,
          }
        : null,
      outbox: {
        waiting: box?.waiting ?? 0,
        oldestAt: box?.oldest?.toISOString() ?? null,
        dropped: box?.dropped ?? 0,
        lookedUp: box?.looked ?? 0,
      },
      channels: places.map(({ project, channel, name, state, is_linked, shared, problem }) => ({
        project,
        channel,
        name,
        state,
        isLinked: is_linked,
        isShared: shared === true,
        problem: problemOf(problem, null),
      })),
    };
  });
}

/** Whether what is stored of Slack's cannot be opened with the secrets this server has. */
export async function isSecretLost(
  db: Db,
  keys: SealKeys,
  caller: Caller,
  settings: SlackSettings,
): Promise<boolean> {
  try {
    await appFor(db, keys, caller.org, settings);
    const [row] = await db.as(
      caller.org,
      (tx) => tx<{ team: string }[]>`
        select team_id as team from slack_installations where org_id = ${caller.org} and removed_at is null`,
    );
    if (row) await byTeam(db, keys, row.team);
    return false;
  } catch (error) {
    if (error instanceof PolarisError && error.code === "secret_refused") return true;
    throw error;
  }
}

export const problemOf = (word: string | null, detail: string | null): SlackProblem | null =>
  word ? { word, detail, ...remedyOf(word) } : null;
