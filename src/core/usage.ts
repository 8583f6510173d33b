import type { Db, Tx } from "../db/db.ts";
import { PolarisError } from "../wire/error.ts";
import { type By, COUNTS, type Usage, UsageQuery, type UsageRow } from "../wire/usage.ts";
import { visible } from "./access.ts";
import { by as actor, note } from "./audit.ts";
import type { Caller } from "./caller.ts";
import { momentOf } from "./days.ts";
import { input } from "./input.ts";
import * as projects from "./projects.ts";

/** Rows of one answer; a year of days and every project fit, of files the most changed. */
const MOST = 1000;
const MONTH_MS = 30 * 86_400_000;
export const OTHERS = "others";

/** Prompts, turns, tokens, cost, tools, files and waiting in the projects the caller may see, by what is asked. */
export async function usage(db: Db, caller: Caller, asked: UsageQuery): Promise<Usage> {
  const { by, ...wanted } = input(UsageQuery, asked);
  const since = dayOf(momentOf(wanted.since, "begin") ?? new Date(Date.now() - MONTH_MS));
  const end = momentOf(wanted.until, "begin");
  const until = dayOf(end ?? new Date());
  const project = wanted.project ? await projects.get(db, caller, wanted.project) : undefined;
  return db.as(caller.org, async (tx) => {
    const byPerson = await tellsPeople(tx, caller);
    const { person } = wanted;
    if (person && !byPerson && person !== caller.participant && person !== OTHERS) {
      throw new PolarisError("forbidden", "Figures by person are told to that person alone.", {
        hint: "An admin may open them to the organisation, on the usage page.",
      });
    }
    const scope: Scope = { ...wanted, project: project?.id, since, until, byPerson };
    const isPart = by === "tool" || by === "file";
    const rows = isPart
      ? await partsOf(tx, caller, by, scope)
      : await daysOf(tx, caller, by, scope);
    const [total] = await daysOf(tx, caller, undefined, scope);
    return { by, since, until, rows, total: total ?? rowOf({ key: "total" }), byPerson };
  });
}

const dayOf = (at: Date): string => at.toISOString().slice(0, 10);

interface Scope {
  project: string | undefined;
  agent?: string | undefined;
  model?: string | undefined;
  person?: string | undefined;
  since: string;
  until: string;
  byPerson: boolean;
}

async function tellsPeople(tx: Tx, { org }: Caller): Promise<boolean> {
  const [row] = await tx<{ told: boolean }[]>`
    select usage_by_person as told from orgs where id = ${org}`;
  return row?.told ?? false;
}

/** Opens or closes figures by person to the organisation. */
export async function tellPeople(db: Db, caller: Caller, byPerson: boolean): Promise<void> {
  await db.as(caller.org, async (tx) => {
    const changed = await tx`
      update orgs set usage_by_person = ${byPerson}
      where id = ${caller.org} and usage_by_person <> ${byPerson} returning id`;
    if (changed.length === 0) return;
    await note(tx, { ...actor(caller), action: "usage.by_person", detail: { to: byPerson } });
  });
}

const personOf = (tx: Tx, caller: Caller, { byPerson }: Scope) =>
  byPerson
    ? tx`u.person`
    : tx`case when u.person = ${caller.participant} then u.person else ${OTHERS} end`;

function keyOf(tx: Tx, caller: Caller, by: By | undefined, scope: Scope) {
  if (by === "day") return tx`u.day::text`;
  if (by === "project") return tx`p.slug`;
  if (by === "agent") return tx`u.agent`;
  if (by === "model") return tx`coalesce(nullif(u.model, ''), 'unknown')`;
  if (by === "person") return personOf(tx, caller, scope);
  return by ? tx`u.name` : tx`'total'`;
}

const where = (tx: Tx, caller: Caller, scope: Scope) => tx`
  p.archived_at is null and ${visible(tx, caller)}
  and u.org_id = ${caller.org} and u.day >= ${scope.since}::text::date and u.day <= ${scope.until}::text::date
  ${scope.project ? tx`and u.project_id = ${scope.project}` : tx``}
  ${scope.agent ? tx`and u.agent in (${scope.agent}, ${`agent:${scope.agent}`})` : tx``}
  ${scope.model ? tx`and coalesce(nullif(u.model, ''), 'unknown') = ${scope.model}` : tx``}
  ${scope.person ? tx`and ${personOf(tx, caller, scope)} = ${scope.person}` : tx``}`;

async function daysOf(
  tx: Tx,
  caller: Caller,
  by: By | undefined,
  scope: Scope,
): Promise<UsageRow[]> {
  const key = keyOf(tx, caller, by, scope);
  const rows = await tx<Record<string, unknown>[]>`
    with days as (
      select ${key} as key, count(distinct u.session_id) as sessions, sum(u.prompts) as prompts,
        sum(u.turns) as turns, sum(u.tools) as tools, sum(u.failed) as failed, sum(u.input) as "inputTokens",
        sum(u.output) as "outputTokens", sum(u.cache_read) as "cacheReadTokens",
        sum(u.cache_write) as "cacheWriteTokens", sum(u.cost) as "costUsd", sum(u.unpriced) as unpriced,
        sum(u.waiting_ms) as "waitingMs"
      from usage_days u join projects p on p.id = u.project_id where ${where(tx, caller, scope)} group by 1
    ), files as (
      select ${key} as key, count(distinct u.name) as files
      from usage_parts u join projects p on p.id = u.project_id
      where u.what = 'file' and ${where(tx, caller, scope)} group by 1
    )
    select days.*, coalesce(files.files, 0) as files from days left join files using (key)
    order by ${by === "day" ? tx`key` : tx`"costUsd" desc, prompts desc, key`} limit ${MOST}`;
  return rows.map(rowOf);
}

async function partsOf(tx: Tx, caller: Caller, what: By, scope: Scope): Promise<UsageRow[]> {
  const rows = await tx<Record<string, unknown>[]>`
    select u.name as key, count(distinct u.session_id) as sessions, sum(u.count) as tools, sum(u.failed) as failed
    from usage_parts u join projects p on p.id = u.project_id
    where u.what = ${what} and ${where(tx, caller, scope)}
    group by 1 order by tools desc, key limit ${MOST}`;
  return rows.map(rowOf);
}

/** Sums arrive as text. */
function rowOf(row: Record<string, unknown>): UsageRow {
  const of = (name: string): number => Number(row[name] ?? 0);
  const counts = Object.fromEntries(COUNTS.map((name) => [name, of(name)]));
  return {
    ...(counts as Record<(typeof COUNTS)[number], number>),
    key: String(row.key),
    costUsd: Math.round(of("costUsd") * 1e6) / 1e6,
    unpriced: of("unpriced"),
  };
}
