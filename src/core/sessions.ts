import type { Db, Tx } from "../db/db.ts";
import { uuid7 } from "../lib/uuid.ts";
import type { Face } from "../wire/agent.ts";
import { PolarisError } from "../wire/error.ts";
import type { Page, Project, Session, State } from "../wire/session.ts";
import { enter, isMember, seen, visible, within } from "./access.ts";
import type { Caller } from "./caller.ts";
import { completeness } from "./checks.ts";
import { cursorOf, readCursor } from "./cursor.ts";

export interface SessionRow {
  id: string;
  slug: string;
  name: string;
  label: string | null;
  title: string | null;
  driver: string | null;
  agent: string;
  agent_face?: Face | null;
  driver_face?: Face | null;
  state: State;
  state_at: Date | null;
  asks: string | null;
  machine: string | null;
  cwd: string | null;
  branch: string | null;
  model: string | null;
  prompts: number;
  tool_calls: number;
  last_prompt: string | null;
  last_seq: string;
  created_at: Date;
  last_event_at: Date | null;
  ended_at: Date | null;
  muted_at: Date | null;
}

export const sessionOf = (row: SessionRow): Session => ({
  id: row.id,
  project: row.slug,
  name: row.name,
  label: row.label,
  title: row.title,
  driver: row.driver,
  agent: row.agent,
  ...(row.agent_face ? { agentFace: row.agent_face } : {}),
  ...(row.driver_face ? { driverFace: row.driver_face } : {}),
  state: row.state,
  stateAt: row.state_at?.toISOString() ?? null,
  asks: row.asks || null,
  machine: row.machine,
  cwd: row.cwd,
  branch: row.branch,
  model: row.model,
  prompts: row.prompts,
  toolCalls: row.tool_calls,
  lastPrompt: row.last_prompt,
  createdAt: row.created_at.toISOString(),
  lastEventAt: row.last_event_at?.toISOString() ?? null,
  endedAt: row.ended_at?.toISOString() ?? null,
  muted: row.muted_at !== null,
  lastSeq: Number(row.last_seq),
});

/** Whom the registry knows of those in `sessions s`: columns for a row. */
export const faces = (tx: Tx) => {
  const face = (who: "agent" | "driver") => tx`(
    select jsonb_build_object('display', a.display, 'icon', a.icon) from agents a
    where s.${tx(who)} like 'agent:%' and a.org_id = s.org_id and a.archived_at is null
      and a.name = split_part(substr(s.${tx(who)}, 7), '.', 1))`;
  return tx`${face("agent")} as agent_face, ${face("driver")} as driver_face`;
};

/** A name nobody has to think of: `s-` and four hex digits. */
export const newName = (): string =>
  `s-${crypto.getRandomValues(new Uint16Array(1))[0]?.toString(16).padStart(4, "0")}`;

/** The session by name (or id) in a project the caller may see. */
export async function get(db: Db, caller: Caller, slug: string, name: string): Promise<Session> {
  return db.as(caller.org, async (tx) => {
    const [row] = await tx<(SessionRow & { visibility: "org" | "private"; member: boolean })[]>`
      select s.*, ${faces(tx)}, p.slug, p.visibility, ${isMember(tx, caller)} as member
      from sessions s join projects p on p.id = s.project_id
      where p.slug = ${slug} and p.archived_at is null and ${visible(tx, caller)}
        and (s.name = ${name} or s.id::text = ${name})`;
    if (!row) throw notFound(slug, name);
    await seen(tx, caller, row);
    return { ...sessionOf(row), completeness: await completeness(tx, row.id) };
  });
}

const notFound = (slug: string, name: string): PolarisError =>
  new PolarisError("not_found", `There is no session "${name}" in project "${slug}".`, {
    hint: `GET /projects/${slug}/sessions lists them.`,
  });

/** A project's sessions, the last active first. */
export async function list(
  db: Db,
  caller: Caller,
  project: Project,
  { limit, cursor }: { limit: number; cursor?: string | undefined },
): Promise<Page<Session>> {
  const [at, id] = cursor ? readCursor(cursor, 2) : [];
  const rows = await db.as(
    caller.org,
    (tx) => tx<(SessionRow & { sort: string })[]>`
      select s.*, ${faces(tx)}, ${project.slug} as slug,
        to_char(coalesce(last_event_at, created_at) at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as sort
      from sessions s
      where project_id = ${project.id} and ${within(tx, caller, project.id)}
        ${at && id ? tx`and (coalesce(last_event_at, created_at), id) < (${at}::text::timestamptz, ${id}::uuid)` : tx``}
      order by coalesce(last_event_at, created_at) desc, id desc limit ${limit + 1}`,
  );
  const last = rows[limit - 1];
  const next = rows.length > limit && last ? cursorOf(last.sort, last.id) : null;
  return { items: rows.slice(0, limit).map(sessionOf), next };
}

export interface Wanted {
  id: string;
  name: string;
  agent: string;
  driver: string | null;
  label?: string | undefined;
  machine?: { id: string; name: string };
  cwd?: string | undefined;
  branch?: string | undefined;
  startedAt?: string | undefined;
}

/**
 * Makes the session unless its id is known, inside the caller's transaction, and answers the name it has. A name that
 * another session of the project holds is replaced: `s-7a3f` by another drawn one, `build` by `build-2`, `build-3` …
 */
export async function ensure(
  tx: Tx,
  org: string,
  project: string,
  wanted: Wanted,
): Promise<string> {
  let name = wanted.name;
  for (let attempt = 2; attempt < 100; attempt++) {
    const made = await tx`
      insert into sessions (id, org_id, project_id, name, label, agent, driver, machine_id, machine, cwd, branch, created_at)
      values (${wanted.id}, ${org}, ${project}, ${name}, ${wanted.label ?? null}, ${wanted.agent}, ${wanted.driver},
        ${wanted.machine?.id ?? null}, ${wanted.machine?.name ?? null}, ${wanted.cwd ?? null}, ${wanted.branch ?? null},
        ${wanted.startedAt ?? new Date()})
      on conflict do nothing returning name`;
    if (made[0]) return name;
    const [known] = await tx<{ name: string; project_id: string }[]>`
      select name, project_id from sessions where id = ${wanted.id}`;
    if (known?.project_id === project) return known.name;
    if (known) {
      throw new PolarisError(
        "conflict",
        "This session id belongs to a session of another project.",
      );
    }
    name = /^s-[0-9a-f]{4}$/.test(wanted.name)
      ? newName()
      : `${wanted.name.slice(0, 60)}-${attempt}`;
  }
  throw new PolarisError("conflict", `No free name like "${wanted.name}" was found.`, {
    hint: "Choose another name.",
  });
}

/** Makes a session by name; the same name again answers the session that is there. */
export async function create(
  db: Db,
  caller: Caller,
  project: Project,
  input: {
    name?: string | undefined;
    label?: string | undefined;
    agent: string;
    driver?: string | null | undefined;
  },
): Promise<{ session: Session; created: boolean }> {
  const id = uuid7();
  const name = await db.as(caller.org, async (tx) => {
    await enter(tx, caller, project);
    if (input.name) {
      const [known] = await tx`
        select name from sessions where project_id = ${project.id} and name = ${input.name}`;
      if (known) return input.name;
    }
    return ensure(tx, caller.org, project.id, {
      id,
      name: input.name ?? newName(),
      label: input.label,
      agent: input.agent,
      driver: input.driver === undefined ? caller.participant : input.driver,
    });
  });
  const session = await get(db, caller, project.slug, name);
  return { session, created: session.id === id };
}
