import type { Db, Tx } from "../db/db.ts";
import type { Check, CheckAnswer, Checks, Completeness, Span } from "../wire/check.ts";
import { visible, within } from "./access.ts";
import type { Caller } from "./caller.ts";

type Verdict = CheckAnswer["checks"][number];

/** Compares what a machine says it recorded with what is here (wire/check.ts). */
export async function check(
  db: Db,
  caller: Caller,
  { machine, checks }: Checks,
): Promise<CheckAnswer> {
  const verdicts: Verdict[] = [];
  for (const one of checks) {
    verdicts.push(await db.as(caller.org, (tx) => compare(tx, caller, machine, one)));
  }
  return { checks: verdicts };
}

async function compare(tx: Tx, caller: Caller, machine: string, one: Check): Promise<Verdict> {
  const { session } = one;
  const [row] = await tx<{ project: string }[]>`
    select s.project_id as project from sources o join sessions s on s.id = o.session_id
    join projects p on p.id = s.project_id
    where o.session_id = ${session} and o.machine_id = ${machine}
      and p.archived_at is null and ${visible(tx, caller)}`;
  if (!row) return { session, state: "unknown", missing: [] };
  if (one.ids) {
    const missing = await absentOf(tx, row.project, one.from, one.ids);
    await settle(tx, machine, one, missing, foundOf(one.from, one.ids, missing));
    return { session, state: missing.length ? "missing" : "complete", missing };
  }
  if (!(await isSame(tx, machine, one))) return { session, state: "differs", missing: [] };
  await settle(tx, machine, one, []);
  return { session, state: "complete", missing: [] };
}

/**
 * The session's last events first: a machine asks about what is new, and an index over positions would cost every
 * ingest. Only what is not found there costs a walk over the whole session.
 */
async function isSame(tx: Tx, machine: string, one: Check): Promise<boolean> {
  const from = Math.max(one.from, one.floor);
  const near = one.to - from + 1_000;
  for (const limit of [near, null]) {
    const [row] = await tx<{ count: number; hash: string }[]>`
      select count(*)::int as count,
        encode(sha256(convert_to(coalesce(string_agg(id::text || E'\\n', '' order by pos), ''), 'UTF8')), 'hex') as hash
      from (
        (select id, pos, machine_id from events where session_id = ${one.session}
          order by seq desc limit ${limit})
        union all
        select id, pos, machine_id from tombstones
        where session_id = ${one.session} and machine_id = ${machine} and pos between ${from} and ${one.to}) e
      where machine_id = ${machine} and pos between ${from} and ${one.to}`;
    if (row?.count === one.count && row.hash === one.hash) return true;
  }
  return false;
}

/** By id alone, wherever in the project: what another session told first has its place there. Removed is not missing. */
async function absentOf(
  tx: Tx,
  project: string,
  from: number,
  ids: (string | null)[],
): Promise<Span[]> {
  const absent = new Set(
    await unknownOf(
      tx,
      project,
      ids.filter((id) => id !== null),
    ),
  );
  const lost = ids.flatMap((id, at) => (id !== null && absent.has(id) ? [from + at] : []));
  return spansOf(lost);
}

async function unknownOf(tx: Tx, project: string, ids: string[]): Promise<string[]> {
  const rows = await tx<{ id: string }[]>`
    select id from events where project_id = ${project} and id = any(${ids}::text[]::uuid[])
    union all
    select id from tombstones where project_id = ${project} and id = any(${ids}::text[]::uuid[])`;
  const known = new Set(rows.map(({ id }) => id));
  return ids.filter((id) => !known.has(id.toLowerCase()));
}

/** The positions whose events are here. */
function foundOf(from: number, ids: (string | null)[], missing: Span[]): Span[] {
  const isLost = (pos: number) => missing.some(([first, last]) => first <= pos && pos <= last);
  return spansOf(ids.flatMap((id, at) => (id !== null && !isLost(from + at) ? [from + at] : [])));
}

/**
 * What is missing counts as never seen, so that the next acknowledgements lead the machine over it; what it cannot send
 * (holes, and gaps below its floor) is noted as missing, until its event is found under another position.
 */
async function settle(
  tx: Tx,
  machine: string,
  one: Check,
  missing: Span[],
  found: Span[] = [],
): Promise<void> {
  const { session, from, to, floor, holes } = one;
  const gone = missing.filter(([first]) => first < floor);
  await tx`
    update sources set
      seen = seen - ${rangesOf(missing)}::text::int8multirange + int8multirange(int8range(1, ${floor})),
      missing = missing + ${rangesOf([...holes, ...gone])}::text::int8multirange
        + (int8multirange(int8range(1, ${floor})) - seen) - ${rangesOf(found)}::text::int8multirange,
      checked = case when ${missing.length} = 0 and checked >= ${from}::bigint - 1
        then greatest(checked, ${to}::bigint) else checked end,
      updated_at = now()
    where session_id = ${session} and machine_id = ${machine}`;
}

/** Which of these events a project lacks. */
export const unknown = (db: Db, caller: Caller, project: string, ids: string[]) =>
  db.as(caller.org, async (tx) => {
    const [seen] = await tx`select 1 where ${within(tx, caller, project)}`;
    return seen ? await unknownOf(tx, project, ids) : ids;
  });

/** Whether all is here that machines recorded of a session. */
export async function completeness(tx: Tx, session: string): Promise<Completeness> {
  const rows = await tx<{ lost: string; checked: boolean }[]>`
    select (missing + (int8multirange(int8range(1, greatest(upper(seen), checked + 1))) - seen))::text as lost,
      checked >= coalesce(upper(seen), 1) - 1 as checked
    from sources where session_id = ${session} order by machine_id`;
  const missing = rows.flatMap(({ lost }) => readRanges(lost));
  if (missing.length > 0) return { state: "missing", missing };
  const isCompared = rows.length > 0 && rows.every(({ checked }) => checked);
  return { state: isCompared ? "complete" : "open", missing };
}

function spansOf(positions: number[]): Span[] {
  const spans: Span[] = [];
  for (const pos of positions) {
    const last = spans.at(-1);
    if (last && pos === last[1] + 1) last[1] = pos;
    else spans.push([pos, pos]);
  }
  return spans;
}

/** [[1,3],[7,7]] as PostgreSQL writes it: {[1,4),[7,8)}. */
const rangesOf = (spans: Span[]): string =>
  `{${spans.map(([from, to]) => `[${from},${to + 1})`).join(",")}}`;

const readRanges = (text: string): Span[] =>
  [...text.matchAll(/\[(\d+),(\d+)\)/g)].map(([, from, to]) => [Number(from), Number(to) - 1]);
