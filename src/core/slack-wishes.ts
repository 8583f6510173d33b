import type { Db, Tx } from "../db/db.ts";
import { PolarisError } from "../wire/error.ts";
import type { Project, Session } from "../wire/session.ts";
import { type SlackWishChange, SlackWishes, type Verbosity } from "../wire/slack-wishes.ts";
import { demand, enter } from "./access.ts";
import { by, note } from "./audit.ts";
import type { Caller } from "./caller.ts";
import { manage } from "./projects.ts";
import { placeOf } from "./slack-channels.ts";

/** Nobody's word here is law: what was written by another version and is not understood counts as not said. */
export const wishesIn = (settings: Record<string, unknown>): SlackWishes => {
  const known = Object.entries(settings).filter(
    ([key, value]) => key in SlackWishes.shape && SlackWishes.safeParse({ [key]: value }).success,
  );
  return SlackWishes.parse(Object.fromEntries(known));
};

/** What the organisation wishes for all its projects. */
export async function ofOrg(db: Db, caller: Caller): Promise<SlackWishes> {
  return db.as(caller.org, async (tx) => wishesIn((await workspace(tx, caller.org)).settings));
}

export async function setOrg(
  db: Db,
  caller: Caller,
  change: SlackWishChange,
): Promise<SlackWishes> {
  return db.as(caller.org, async (tx) => {
    const { id, settings } = await workspace(tx, caller.org);
    const next = merged(settings, change);
    await tx`
      update slack_installations set settings = ${JSON.stringify(next)}::text::jsonb, updated_at = now()
      where id = ${id}`;
    await note(tx, { ...by(caller), action: "slack.changed", detail: { ...change } });
    return wishesIn(next);
  });
}

/** What a project wishes over the organisation. */
export async function ofProject(db: Db, caller: Caller, project: Project): Promise<SlackWishes> {
  return db.as(caller.org, async (tx) => {
    const [row] = await tx<{ settings: Record<string, unknown> }[]>`
      select settings from slack_channels
      where project_id = ${project.id} and session_id is null and removed_at is null`;
    return wishesIn(row?.settings ?? {});
  });
}

export async function setProject(
  db: Db,
  caller: Caller,
  project: Project,
  change: SlackWishChange,
): Promise<SlackWishes> {
  return db.as(caller.org, async (tx) => {
    await manage(tx, caller, project.slug);
    const { team } = await workspace(tx, caller.org);
    const name = project.slug;
    const place = await placeOf(tx, { org: caller.org, team, project: project.id, name });
    const next = merged(place.settings, change);
    if (next.outsiders !== place.settings.outsiders) demand(caller, "admin");
    await tx`
      update slack_channels set settings = ${JSON.stringify(next)}::text::jsonb where id = ${place.id}`;
    const act = { action: "slack.changed", target: project.slug, detail: { ...change } };
    await note(tx, { ...by(caller), ...act });
    return wishesIn(next);
  });
}

/** How much of one session is told; null: as its project wishes. */
export async function setSession(
  db: Db,
  caller: Caller,
  { project, session }: { project: Project; session: Session },
  verbosity: Verbosity | null,
): Promise<void> {
  await db.as(caller.org, async (tx) => {
    await enter(tx, caller, project);
    await tx`
      insert into slack_mirrors (session_id, org_id, project_id, verbosity)
      values (${session.id}, ${caller.org}, ${project.id}, ${verbosity})
      on conflict (session_id) do update set verbosity = excluded.verbosity`;
    const target = `${project.slug}/${session.name}`;
    await note(tx, { ...by(caller), action: "slack.changed", target, detail: { verbosity } });
  });
}

export async function ofSession(
  db: Db,
  caller: Caller,
  session: string,
): Promise<Verbosity | null> {
  const [row] = await db.as(
    caller.org,
    (tx) => tx<{ verbosity: Verbosity | null }[]>`
      select verbosity from slack_mirrors where session_id = ${session}`,
  );
  return row?.verbosity ?? null;
}

const merged = (settings: Record<string, unknown>, change: SlackWishChange) =>
  Object.fromEntries(
    Object.entries({ ...settings, ...change }).filter(([, value]) => value !== null),
  );

async function workspace(tx: Tx, org: string) {
  const [row] = await tx<{ id: string; team: string; settings: Record<string, unknown> }[]>`
    select id, team_id as team, settings from slack_installations
    where org_id = ${org} and removed_at is null`;
  if (row) return row;
  throw new PolarisError("conflict", "No Slack workspace is connected.", {
    hint: "An admin connects one under Slack in the dashboard's settings.",
  });
}
