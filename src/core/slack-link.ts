/** A project's channel, chosen by an admin: one that is there already, or a new one. */
import { z } from "zod";
import { type Db, isTwice } from "../db/db.ts";
import { uuid7 } from "../lib/uuid.ts";
import { PolarisError } from "../wire/error.ts";
import { by, note } from "./audit.ts";
import type { Caller } from "./caller.ts";
import * as projects from "./projects.ts";
import type { SealKeys } from "./seal.ts";
import { call, SlackRefusal } from "./slack-api.ts";
import type { SlackSettings } from "./slack-apps.ts";
import { noteShared } from "./slack-channels.ts";
import { remedyOf } from "./slack-remedies.ts";
import { byTeam } from "./slack-workspaces.ts";

const Info = z.object({
  channel: z.object({
    id: z.string(),
    name: z.string(),
    is_archived: z.boolean().default(false),
    is_private: z.boolean().default(false),
    is_member: z.boolean().default(false),
    is_ext_shared: z.boolean().default(false),
  }),
});

/** Mirrors the project into this channel from now on. */
export async function link(
  db: Db,
  keys: SealKeys,
  caller: Caller,
  {
    slug,
    channel,
    settings,
  }: { slug: string; channel: string; settings: Pick<SlackSettings, "apiUrl"> },
): Promise<{ channel: string; name: string }> {
  const project = await projects.get(db, caller, slug);
  const team = await teamOf(db, caller.org);
  const workspace = await byTeam(db, keys, team);
  if (!workspace) throw notConnected();
  const { apiUrl } = settings;
  const { token } = workspace;
  let found: z.infer<typeof Info>["channel"];
  try {
    const { answer } = await call("conversations.info", { apiUrl, token, args: { channel } });
    found = Info.parse(answer).channel;
    if (found.is_archived)
      throw new SlackRefusal("conversations.info", { ok: false, error: "is_archived" });
    if (!found.is_member) await call("conversations.join", { apiUrl, token, args: { channel } });
  } catch (error) {
    if (!(error instanceof SlackRefusal)) throw error;
    const { says, remedy } = remedyOf(error.word);
    throw new PolarisError("conflict", says, { hint: remedy, cause: error });
  }
  const { name, is_private } = found;
  try {
    await db.as(caller.org, async (tx) => {
      await tx`
        insert into slack_channels as c (id, org_id, team_id, project_id, channel, name, is_private, is_linked, state)
        values (${uuid7()}, ${caller.org}, ${team}, ${project.id}, ${found.id}, ${name}, ${is_private}, true, 'live')
        on conflict (project_id) where session_id is null and removed_at is null do update set
          team_id = excluded.team_id, channel = excluded.channel, name = excluded.name,
          is_private = excluded.is_private, is_linked = true, state = 'live', problem = null, problem_at = null`;
      const [row] = await tx<{ id: string }[]>`
        select id from slack_channels where project_id = ${project.id} and session_id is null and removed_at is null`;
      if (row) await noteShared(tx, row.id, found.is_ext_shared);
      const shared = found.is_ext_shared ? { shared: true } : {};
      const detail = { channel: found.id, ...shared };
      const act = { action: "slack.channel_linked", target: slug, detail };
      await note(tx, { ...by(caller), ...act });
    });
  } catch (error) {
    if (isTwice(error)) {
      throw new PolarisError("conflict", `The channel #${name} is another project's.`, {
        hint: "Every project has a channel of its own.",
      });
    }
    throw error;
  }
  return { channel: found.id, name };
}

/** Lets Polaris make a new channel with the next message; the old one stays as it is. So for sessions that stand still. */
export async function anew(db: Db, caller: Caller, slug: string): Promise<void> {
  const project = await projects.get(db, caller, slug);
  await db.as(caller.org, async (tx) => {
    const rows = await tx`
      update slack_channels set channel = null, name = case when session_id is null then ${slug} else name end,
        state = 'wanted', is_linked = false, problem = null, problem_at = null
      where project_id = ${project.id} and removed_at is null and (session_id is null or problem is not null)
      returning id`;
    if (rows.length === 0) return; // it gets one with its first message anyway
    await note(tx, { ...by(caller), action: "slack.channel_anew", target: slug });
  });
}

/** Somebody mended it in Slack: what waits is tried once more, and says anew what is wrong when it still is. */
export async function again(db: Db, caller: Caller, slug: string): Promise<void> {
  const project = await projects.get(db, caller, slug);
  await db.as(caller.org, async (tx) => {
    const rows = await tx`
      update slack_channels set state = case when channel is null then 'wanted' else 'live' end, problem = null,
        problem_at = null
      where project_id = ${project.id} and removed_at is null and state = 'paused' returning id`;
    if (rows.length > 0) {
      await note(tx, { ...by(caller), action: "slack.channel_again", target: slug });
    }
  });
}

export async function teamOf(db: Db, org: string): Promise<string> {
  const [row] = await db.as(
    org,
    (tx) => tx<{ team_id: string }[]>`
      select team_id from slack_installations where org_id = ${org} and removed_at is null`,
  );
  if (!row) throw notConnected();
  return row.team_id;
}

const notConnected = (): PolarisError =>
  new PolarisError("conflict", "No Slack workspace is connected.", {
    hint: "Connect one under Settings, Slack.",
  });
