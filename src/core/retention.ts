/**
 * What goes: events older than their project keeps them, or what a person asked for. A step takes a thousand events in
 * one transaction with everything that repeats their words, leaves their stones (0010_keep.sql) and a row in the audit
 * that proves it: what, how many, and a hash over each event as it was, which whoever has a copy can compute again.
 */
import type { Db, Tx } from "../db/db.ts";
import { uuid7 } from "../lib/uuid.ts";
import type { Removal, RemovalAnswer, RemovalRow, Removed } from "../wire/removal.ts";
import type { Page } from "../wire/session.ts";
import { within } from "./access.ts";
import { note } from "./audit.ts";
import type { Caller } from "./caller.ts";
import { ownSessions, tidySessions } from "./leftovers.ts";
import * as projects from "./projects.ts";
import { type Gone, present, SIDES, sweepWords } from "./sides.ts";

/** A step holds the project's row for some 30 ms: whoever appends waits no longer. */
const STEP = 1_000;

export interface Aim {
  org: string;
  project: { id: string; slug: string };
  reason: RemovalRow["reason"];
  actor: string;
  address?: string | undefined;
  /** Received before. */
  before: Date | null;
  /** Sent by them, or in a session where nobody else spoke. */
  person: string | null;
}

/** What a caller with the role asks for; a dry run changes nothing. */
export async function remove(db: Db, caller: Caller, wanted: Removal): Promise<RemovalAnswer> {
  const { olderThanDays, person = null, dryRun } = wanted;
  const before = olderThanDays === undefined ? null : daysAgo(olderThanDays);
  const which = wanted.project
    ? [await projects.get(db, caller, wanted.project)]
    : await db.as(
        caller.org,
        (tx) => tx<{ id: string; slug: string }[]>`
          select id, slug from projects where org_id = ${caller.org} order by slug`,
      );
  const removed: Removed[] = [];
  for (const project of which) {
    const { org, participant: actor, address } = caller;
    const reason = person ? ("person" as const) : ("age" as const);
    const aim = { org, project, reason, actor, address, before, person };
    const done = dryRun ? await weigh(db, aim) : await carry(db, aim);
    if (done.events > 0 || wanted.project) removed.push(done);
  }
  if (!dryRun) await db.as(caller.org, (tx) => sweepWords(tx, caller.org));
  return { dryRun, removed };
}

/** What would be older than this many days now; for who may change how long the project keeps it. */
export async function older(db: Db, caller: Caller, slug: string, days: number): Promise<Removed> {
  const project = await projects.get(db, caller, slug, { archived: true });
  const { org, participant: actor } = caller;
  const aim = { org, project, reason: "age" as const, actor, before: daysAgo(days), person: null };
  return weigh(db, aim);
}

export const daysAgo = (days: number): Date => new Date(Date.now() - days * 86_400_000);

/** What would go. */
async function weigh(db: Db, { org, project, before, person }: Aim): Promise<Removed> {
  const [row] = await db.as(org, async (tx) => {
    const own = person ? await ownSessions(tx, project.id, person) : [];
    return tx<{ events: string; sessions: string; bytes: string; first: string; last: string }[]>`
      select count(*) as events, count(distinct session_id) as sessions, min(seq) as first, max(seq) as last,
        coalesce(sum(pg_column_size(text) + pg_column_size(body) + coalesce(pg_column_size(raw), 0)), 0) as bytes
      from events where project_id = ${project.id}
        and (received_at < ${before}::timestamptz or sender = ${person} or session_id = any(${own}::uuid[]))`;
  });
  return {
    project: project.slug,
    events: Number(row?.events ?? 0),
    sessions: Number(row?.sessions ?? 0),
    bytes: Number(row?.bytes ?? 0),
    firstSeq: row?.first ? Number(row.first) : null,
    lastSeq: row?.last ? Number(row.last) : null,
    proofs: [],
  };
}

/** Takes it, a step at a time until nothing is left. */
export async function carry(db: Db, aim: Aim, signal?: AbortSignal): Promise<Removed> {
  const { org, project, person } = aim;
  const own = person ? await db.as(org, (tx) => ownSessions(tx, project.id, person)) : [];
  const sessions = new Set<string>();
  const total: Removed = {
    project: project.slug,
    events: 0,
    sessions: 0,
    bytes: 0,
    firstSeq: null,
    lastSeq: null,
    proofs: [],
  };
  for (let after = 0; !signal?.aborted; ) {
    const step = await db.as(org, (tx) => take(tx, aim, own, after));
    if (!step) break;
    after = step.last;
    total.events += step.events;
    total.bytes += step.bytes;
    total.firstSeq ??= step.first;
    total.lastSeq = step.last;
    total.proofs.push(step.sha256);
    for (const id of step.sessions) sessions.add(id);
  }
  total.sessions = sessions.size;
  return total;
}

interface Step {
  events: number;
  bytes: number;
  first: number;
  last: number;
  sha256: string;
  sessions: string[];
}

/**
 * Old events are the lowest numbers: looking for them by time would read the whole project each time. So the walk ends
 * at the first thousand that is not all old; what came in the same second as the border waits for the next run.
 */
async function take(tx: Tx, aim: Aim, own: string[], after: number): Promise<Step | undefined> {
  const { org, project, before, person } = aim;
  // The same order of locks as who appends (project) and who reads behind (cursors), then the audit. A reader at its first
  // stretch has a cursor that nobody sees yet: inserting waits for it, a look would not.
  await tx`select 1 from projects where id = ${project.id} for no key update`;
  for (const cursors of ["text_cursors", "usage_cursors"] as const) {
    const table = tx(cursors);
    await tx`
      insert into ${table} (project_id, org_id, seq) values (${project.id}, ${org}, 0) on conflict do nothing`;
    await tx`select 1 from ${table} where project_id = ${project.id} for update`;
  }
  await tx`select 1 from webhook_cursors where project_id = ${project.id} for update`;
  const which = before
    ? tx`select seq from (
        select seq, received_at from events
        where project_id = ${project.id} and seq > ${after} order by seq limit ${STEP}) low
        where received_at < ${before}`
    : tx`select seq from events
        where project_id = ${project.id} and seq > ${after}
          and (sender = ${person} or session_id = any(${own}::uuid[]))
        order by seq limit ${STEP}`;
  const [row] = await tx<
    {
      events: number;
      bytes: string;
      first: string;
      last: string;
      sha256: string;
      ids: string[];
      sessions: string[];
    }[]
  >`
    with gone as (
      delete from events where project_id = ${project.id} and seq in (${which})
      returning seq, id, session_id, machine_id, pos, kind, text, body, raw
    ), stones as (
      insert into tombstones (org_id, project_id, seq, id, session_id, machine_id, pos)
      select ${org}::uuid, ${project.id}::uuid, seq, id, session_id, machine_id, pos from gone
    ), found as (
      delete from event_text t using gone where t.project_id = ${project.id} and t.seq = gone.seq
    )
    select count(*)::int as events, min(seq) as first, max(seq) as last,
      sum(coalesce(octet_length(text), 0) + octet_length(body::text) + coalesce(octet_length(raw), 0)) as bytes,
      encode(sha256(convert_to(string_agg(
        seq || ' ' || id || ' ' || encode(sha256(convert_to(
          coalesce(text, '') || E'\n' || body::text || E'\n' || coalesce(encode(raw, 'hex'), ''), 'UTF8')), 'hex'),
        E'\n' order by seq), 'UTF8')), 'hex') as sha256,
      array_to_json(array_agg(id)) as ids, array_to_json(array_agg(distinct session_id)) as sessions
    from gone`;
  if (!row || row.events === 0) return undefined;
  const { events, sha256, ids, sessions } = row;
  const [first, last, bytes] = [Number(row.first), Number(row.last), Number(row.bytes)];
  const gone: Gone = { org, project: project.id, ids, sessions, before, person };
  for (const name of await present(tx, Object.keys(SIDES))) await SIDES[name]?.(tx, gone);
  await tidySessions(tx, sessions);
  const id = uuid7();
  await tx`
    insert into removals (id, org_id, project_id, reason, first_seq, last_seq, events, sha256)
    values (${id}, ${org}, ${project.id}, ${aim.reason}, ${first}, ${last}, ${events}, decode(${sha256}, 'hex'))`;
  await tx`update projects set removed_at = now() where id = ${project.id} and removed_at is null`;
  const detail = {
    reason: aim.reason,
    events,
    sessions: sessions.length,
    from: first,
    to: last,
    sha256,
    ...(before ? { before: before.toISOString() } : {}),
    ...(person ? { person } : {}),
  };
  const { actor, address } = aim;
  await note(tx, { org, actor, address, action: "events.removed", target: project.slug, detail });
  return { events, bytes, first, last, sha256, sessions };
}

/** Why numbers are missing from a project's log, newest first. */
export async function list(
  db: Db,
  caller: Caller,
  slug: string,
  { limit, before }: { limit: number; before?: number | undefined },
): Promise<Page<RemovalRow>> {
  const { id: project } = await projects.get(db, caller, slug);
  const rows = await db.as(
    caller.org,
    (tx) => tx<
      (Omit<RemovalRow, "at" | "firstSeq" | "lastSeq"> & {
        at: Date;
        first: string;
        last: string;
      })[]
    >`
      select id, at, reason, first_seq as first, last_seq as last, events, encode(sha256, 'hex') as sha256
      from removals where project_id = ${project} and ${within(tx, caller, project)}
        ${before === undefined ? tx`` : tx`and last_seq < ${before}`}
      order by last_seq desc, id desc limit ${limit + 1}`,
  );
  const items = rows.slice(0, limit).map(({ first, last, at, ...row }) => ({
    ...row,
    at: at.toISOString(),
    firstSeq: Number(first),
    lastSeq: Number(last),
  }));
  const last = items.at(-1);
  return { items, next: rows.length > limit && last ? String(last.lastSeq) : null };
}
