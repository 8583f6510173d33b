import type { z } from "zod";
import type { Db, Tx } from "../db/db.ts";
import type { Agent, AgentChange, NewAgent } from "../wire/agent.ts";
import { PolarisError } from "../wire/error.ts";
import type { Page } from "../wire/session.ts";
import { by, note } from "./audit.ts";
import type { Caller } from "./caller.ts";
import { cursorOf, readCursor } from "./cursor.ts";
import * as projects from "./projects.ts";

interface Row {
  name: string;
  display: string;
  icon: string;
  description: string;
  skills: string[];
  tags: string[];
  created_by: string;
  created_at: Date;
}

const agentOf = ({ created_by: createdBy, created_at, ...row }: Row): Agent => ({
  ...row,
  participant: `agent:${row.name}`,
  createdBy,
  createdAt: created_at.toISOString(),
});

const columns = (tx: Tx) =>
  tx`name, display, icon, description, skills, tags, created_by, created_at`;

/** The organisation's agents by name; of one project those at home there. */
export async function list(
  db: Db,
  caller: Caller,
  wanted: { limit: number; cursor?: string | undefined; project?: string | undefined },
): Promise<Page<Agent>> {
  const { limit, cursor, project } = wanted;
  if (project) {
    const { id } = await projects.get(db, caller, project);
    return { items: await db.as(caller.org, (tx) => atHome(tx, caller.org, id)), next: null };
  }
  const [after = ""] = cursor ? readCursor(cursor, 1) : [];
  const rows = await db.as(
    caller.org,
    (tx) => tx<Row[]>`
      select ${columns(tx)} from agents
      where org_id = ${caller.org} and archived_at is null and name > ${after} order by name limit ${limit + 1}`,
  );
  const items = rows.slice(0, limit).map(agentOf);
  const last = items.at(-1);
  return { items, next: rows.length > limit && last ? cursorOf(last.name) : null };
}

/**
 * The agents that are at home in a project: those that have one of its tags. They are offered where nobody was addressed
 * and named on its page; by name any agent can be called anywhere.
 */
export async function atHome(tx: Tx, org: string, project: string): Promise<Agent[]> {
  const rows = await tx<Row[]>`
    select ${columns(tx)} from agents a
    where org_id = ${org} and archived_at is null and exists (
      select from projects p, unnest(a.tags) tag
      where p.id = ${project} and p.org_id = ${org} and lower(tag) = any(p.tags))
    order by name limit 20`;
  return rows.map(agentOf);
}

/** The addresses of the agents' pictures: a page that shows agents may load these. */
export async function pictures(db: Db, caller: Caller): Promise<string[]> {
  const rows = await db.as(
    caller.org,
    (tx) => tx<{ icon: string }[]>`
      select distinct icon from agents
      where org_id = ${caller.org} and archived_at is null and starts_with(icon, 'https://') limit 100`,
  );
  return rows.map(({ icon }) => icon);
}

export async function get(db: Db, caller: Caller, name: string): Promise<Agent> {
  const found = await db.as(caller.org, (tx) => find(tx, caller.org, `agent:${name}`));
  if (!found || found.name !== name) throw absent(name);
  return found;
}

/** The agent that speaks under this id: `agent:dean`, and `agent:dean.snowflake` unless that has a row of its own. */
export async function find(tx: Tx, org: string, participant: string): Promise<Agent | undefined> {
  const [row] = await tx<Row[]>`
    select ${columns(tx)} from agents
    where org_id = ${org} and archived_at is null and name = ${baseOf(participant)}`;
  return row && agentOf(row);
}

/** `agent:dean.snowflake` -> `dean`. */
export const baseOf = (participant: string): string =>
  participant.replace(/^agent:/, "").split(".")[0] ?? "";

/** Makes an agent, or brings one back that was removed: a name stays the same agent's for ever. */
export async function create(
  db: Db,
  caller: Caller,
  wanted: z.infer<typeof NewAgent>,
): Promise<Agent> {
  const { org, participant } = caller;
  const { name, icon, description } = wanted;
  const display = wanted.display ?? (name[0] ?? "").toUpperCase() + name.slice(1);
  return db.as(org, async (tx) => {
    const [row] = await tx<Row[]>`
      insert into agents as a (org_id, name, display, icon, description, skills, tags, created_by)
      values (${org}, ${name}, ${display}, ${icon}, ${description}, ${tx.array(wanted.skills, "TEXT")},
        ${tx.array(wanted.tags, "TEXT")}, ${participant})
      on conflict (org_id, name) do update set display = excluded.display, icon = excluded.icon,
        description = excluded.description, skills = excluded.skills, tags = excluded.tags, archived_at = null
        where a.archived_at is not null
      returning ${columns(tx)}`;
    if (!row) {
      throw new PolarisError("conflict", `There is an agent "${name}" already.`, {
        hint: `PATCH /orgs/agents/${name} changes it.`,
      });
    }
    await note(tx, { ...by(caller), action: "agent.created", target: `agent:${name}` });
    return agentOf(row);
  });
}

export async function change(
  db: Db,
  caller: Caller,
  name: string,
  wanted: z.infer<typeof AgentChange>,
): Promise<Agent> {
  const { skills, tags } = wanted;
  return db.as(caller.org, async (tx) => {
    const [row] = await tx<Row[]>`
      update agents set display = coalesce(${wanted.display ?? null}, display),
        icon = coalesce(${wanted.icon ?? null}, icon),
        description = coalesce(${wanted.description ?? null}, description),
        skills = ${skills ? tx.array(skills, "TEXT") : tx`skills`}, tags = ${tags ? tx.array(tags, "TEXT") : tx`tags`}
      where org_id = ${caller.org} and name = ${name} and archived_at is null returning ${columns(tx)}`;
    if (!row) throw absent(name);
    const detail = { changed: Object.keys(wanted) };
    await note(tx, { ...by(caller), action: "agent.changed", target: `agent:${name}`, detail });
    return agentOf(row);
  });
}

/** Takes an agent off the list, and ends the tokens that speak as it. What it said stays its own. */
export async function remove(db: Db, caller: Caller, name: string): Promise<void> {
  await db.as(caller.org, async (tx) => {
    const [row] = await tx`
      update agents set archived_at = now()
      where org_id = ${caller.org} and name = ${name} and archived_at is null returning 1`;
    if (!row) throw absent(name);
    const as = `agent:${name}`;
    await tx`
      update api_tokens set revoked_at = now()
      where org_id = ${caller.org} and revoked_at is null
        and (participant = ${as} or starts_with(participant, ${`${as}.`}))`;
    await note(tx, { ...by(caller), action: "agent.removed", target: as });
  });
}

export const absent = (name: string): PolarisError =>
  new PolarisError("not_found", `There is no agent "${name}" here.`, {
    hint: "GET /orgs/agents lists them.",
  });
