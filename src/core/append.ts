import { type Db, isBadData, type Tx } from "../db/db.ts";
import type { Event } from "../wire/event.ts";
import { enter } from "./access.ts";
import type { Caller } from "./caller.ts";
import { type Change, changeOf } from "./state.ts";
import { storableText } from "./storable.ts";

/** An event on its way into a project's log. */
export interface Incoming {
  event: Event;
  session: string;
  /** Its place in its machine's count of this session; events of API callers have none. */
  pos?: number;
}

export interface Batch {
  caller: Caller;
  project: { id: string; slug: string };
  machine?: string;
  items: Incoming[];
  /** Positions below the floor that are not known here are missing on the machine too (per session). */
  floors?: Map<string, number>;
  /** Positions taken without an event: refused lines, so that the count can go on. */
  refused?: { session: string; pos: number }[];
}

export interface Appended {
  /** New events by id, with the seq each got. */
  stored: Map<string, number>;
  /** Per session: all positions up to here are taken. */
  acked: Record<string, number>;
  lastSeq: number;
}

/** What else belongs into the same transaction: `before` the events (with the project locked), and `after` them. */
export interface Around {
  before?: ((tx: Tx) => Promise<unknown>) | undefined;
  after?: ((tx: Tx) => Promise<unknown>) | undefined;
}

/**
 * Writes a batch into one project that the caller may see: one transaction, one insert. Whoever appends holds the project's row lock, so that
 * `seq` has no gaps and follows commit order, and looks for known ids only after it has the lock, so that the same
 * event from two sides is one row. A row that PostgreSQL refuses is found by halving and kept as `other` with its
 * input as raw: one bad event never fails its batch and is never lost.
 */
export async function append(
  db: Db,
  batch: Batch,
  { before, after }: Around = {},
): Promise<Appended> {
  try {
    return await db.as(batch.caller.org, async (tx) => {
      const base = await enter(tx, batch.caller, batch.project);
      await before?.(tx);
      const done = await write(tx, batch, base);
      await after?.(tx);
      return done;
    });
  } catch (error) {
    if (!isBadData(error) || batch.items.length === 0) throw error;
    const [only, ...others] = batch.items;
    if (only && others.length === 0) {
      if (only.event.kind === "other") throw error;
      const items = [{ ...only, event: asOther(only.event) }];
      return append(db, { ...batch, items }, { before, after });
    }
    const half = batch.items.length >> 1;
    const first = await append(db, { ...batch, items: batch.items.slice(0, half) }, { before });
    const rest = { ...batch, items: batch.items.slice(half), refused: [] };
    const second = await append(db, rest, { after });
    return {
      stored: new Map([...first.stored, ...second.stored]),
      acked: { ...first.acked, ...second.acked },
      lastSeq: second.lastSeq,
    };
  }
}

function asOther(event: Event): Event {
  const { id, at, sender, kind, source } = event;
  const raw = JSON.stringify(event);
  return { id, at, sender, kind: "other", body: { type: kind, refused: "database" }, raw, source };
}

/** zstd level 3 costs 0.5 ms per 100 events and halves what is kept; below 200 bytes it saves nothing. */
const packed = (raw: string): string =>
  Buffer.from(Bun.zstdCompressSync(raw, { level: 3 })).toString("base64");

function rowsOf(items: Incoming[]): string {
  const rows = items.map(({ event, session, pos }, n) => ({
    n,
    id: event.id,
    session,
    pos,
    at: event.at,
    kind: event.kind,
    sender: event.sender,
    turn: event.turn,
    parent: event.parent,
    agent: event.source.agent,
    agent_version: event.source.version,
    translator: event.source.translator,
    via: event.source.via,
    text: event.text,
    body: event.body,
    raw: event.raw === undefined ? undefined : packed(storableText(event.raw)),
  }));
  return JSON.stringify(rows);
}

async function write(tx: Tx, batch: Batch, base: number): Promise<Appended> {
  const org = batch.caller.org;
  const project = batch.project.id;
  const machine = batch.machine ?? null;
  const items = unique(batch.items);
  // `old` by a list of ids: as a join, a table without statistics (a fresh server's) is read whole for every batch,
  // 560 ms for 500 events beside 30,000 against 20 ms.
  const rows =
    items.length === 0
      ? []
      : await tx<{ id: string; seq: string }[]>`
    with input as (
      select * from jsonb_to_recordset(${rowsOf(items)}::text::jsonb) as i(
        n int, id uuid, session uuid, pos bigint, at timestamptz, kind text, sender text, turn text, parent text,
        agent text, agent_version text, translator smallint, via text, text text, body jsonb, raw text)
    ), old as materialized (
      select id from events where project_id = ${project} and id = any(array(select id from input))
    ), fresh as (
      select i.*, ${base}::bigint + row_number() over (order by i.n) as seq from input i
      where not exists (select from old where old.id = i.id)
    )
    insert into events (org_id, project_id, seq, id, session_id, machine_id, pos, at, kind, sender, turn, parent,
      agent, agent_version, translator, via, text, body, raw)
    select ${org}::uuid, ${project}::uuid, seq, id, session, ${machine}::uuid, pos, at, kind, sender, turn, parent,
      agent, agent_version, translator, via, text, body, decode(raw, 'base64')
    from fresh order by seq
    returning id, seq`;
  const stored = new Map(rows.map((row) => [row.id, Number(row.seq)]));
  const lastSeq = base + rows.length;
  const after: Promise<unknown>[] = [];
  if (rows.length > 0) {
    after.push(
      tx`update projects set last_seq = ${lastSeq}, last_event_at = now() where id = ${project}`.execute(),
      updateSessions(tx, changesOf(items, stored)),
    );
  }
  const [acked] = await Promise.all([machine ? take(tx, batch, machine) : {}, ...after]);
  return { stored, acked, lastSeq };
}

/** The same event twice in one batch is one event. */
function unique(items: Incoming[]): Incoming[] {
  const seen = new Set<string>();
  return items.filter(({ event }) => !seen.has(event.id) && seen.add(event.id));
}

function changesOf(items: Incoming[], stored: Map<string, number>) {
  const bySession = new Map<string, Incoming[]>();
  for (const item of items) {
    if (!stored.has(item.event.id)) continue;
    const list = bySession.get(item.session);
    if (list) list.push(item);
    else bySession.set(item.session, [item]);
  }
  return [...bySession].map(([session, list]) => ({
    session,
    last: stored.get(list.at(-1)?.event.id ?? "") ?? 0,
    change: changeOf(list.map((item) => item.event)),
  }));
}

function updateSessions(tx: Tx, changes: { session: string; last: number; change: Change }[]) {
  const rows = changes.map(({ session, last, change }) => ({
    session,
    last,
    ...change,
    last_prompt: change.lastPrompt,
    tool_calls: change.toolCalls,
    new_driver: change.driver,
    sets_driver: change.driver !== undefined,
    sets_ended: change.ended !== undefined,
  }));
  return tx`
    update sessions s set
      last_event_at = now(), last_seq = greatest(s.last_seq, c.last),
      state = coalesce(c.state, s.state), title = coalesce(c.title, s.title), model = coalesce(c.model, s.model),
      cwd = coalesce(c.cwd, s.cwd), branch = coalesce(c.branch, s.branch),
      last_prompt = coalesce(c.last_prompt, s.last_prompt),
      prompts = s.prompts + c.prompts, tool_calls = s.tool_calls + c.tool_calls,
      driver = case when c.sets_driver then c.new_driver else s.driver end,
      ended_at = case when c.sets_ended then c.ended else s.ended_at end
    from jsonb_to_recordset(${JSON.stringify(rows)}::text::jsonb) as c(
      session uuid, last bigint, state text, title text, model text, cwd text, branch text, last_prompt text,
      prompts int, tool_calls int, new_driver text, sets_driver boolean, ended timestamptz, sets_ended boolean)
    where s.id = c.session`.execute();
}

/** Notes which positions are taken and answers, per session, up to where there is no gap. */
async function take(tx: Tx, batch: Batch, machine: string): Promise<Record<string, number>> {
  const taken = new Map<string, number[]>();
  const note = (session: string, pos: number) => {
    const list = taken.get(session);
    if (list) list.push(pos);
    else taken.set(session, [pos]);
  };
  for (const { session, pos } of batch.items) if (pos !== undefined) note(session, pos);
  for (const { session, pos } of batch.refused ?? []) note(session, pos);
  if (taken.size === 0) return {};
  const rows = [...taken].map(([session, list]) => ({
    session,
    seen: rangesOf(list),
    floor: batch.floors?.get(session) ?? 1,
  }));
  const answer = await tx<{ session_id: string; acked: string }[]>`
    insert into sources as old (org_id, project_id, session_id, machine_id, seen, missing)
    select ${batch.caller.org}::uuid, ${batch.project.id}::uuid, session, ${machine}::uuid,
      seen + int8multirange(int8range(1, floor)), int8multirange(int8range(1, floor)) - seen
    from jsonb_to_recordset(${JSON.stringify(rows)}::text::jsonb) as r(session uuid, seen int8multirange, floor bigint)
    on conflict (session_id, machine_id) do update set
      missing = old.missing + (excluded.missing - old.seen),
      seen = old.seen + excluded.seen,
      updated_at = now()
    returning session_id,
      case when seen @> 1::bigint
        then (select upper(r) - 1 from unnest(seen) r where r @> 1::bigint) else 0 end as acked`;
  return Object.fromEntries(answer.map((row) => [row.session_id, Number(row.acked)]));
}

/** [1,2,3,7] -> "{[1,4),[7,8)}", a PostgreSQL multirange. */
function rangesOf(positions: number[]): string {
  const sorted = positions.toSorted((a, b) => a - b);
  const ranges: [number, number][] = [];
  for (const pos of sorted) {
    const last = ranges.at(-1);
    if (last && pos <= last[1]) last[1] = Math.max(last[1], pos + 1);
    else ranges.push([pos, pos + 1]);
  }
  return `{${ranges.map(([from, to]) => `[${from},${to})`).join(",")}}`;
}
