import type { Db, Tx } from "../db/db.ts";
import { PolarisError } from "../wire/error.ts";
import type { StoredEvent } from "../wire/event.ts";
import type { Page } from "../wire/session.ts";
import { within } from "./access.ts";
import type { Caller } from "./caller.ts";

export interface EventRow {
  seq: string;
  id: string;
  session_id: string;
  session_name: string;
  at: Date;
  received_at: Date;
  kind: string;
  sender: string;
  sender_name: string | null;
  turn: string | null;
  parent: string | null;
  agent: string;
  agent_version: string | null;
  translator: number;
  via: StoredEvent["source"]["via"];
  text: string | null;
  body: Record<string, unknown>;
  has_raw: boolean;
}

/** The columns every reader of events selects, of `events e join sessions s`. */
export const columns = (tx: Tx) => tx`
  e.seq, e.id, e.session_id, s.name as session_name, e.at, e.received_at, e.kind, e.sender, e.turn, e.parent,
  e.agent, e.agent_version, e.translator, e.via, e.text, e.body, e.raw is not null as has_raw,
  case when e.sender like 'agent:%' then (
    select a.display from agents a where a.org_id = e.org_id and a.archived_at is null
      and a.name = split_part(substr(e.sender, 7), '.', 1)) end as sender_name`;

/** One event as readers get it, long strings shortened unless `whole`. */
export function storedOf(row: EventRow, whole = false): StoredEvent {
  const { event, cut } = whole ? { event: row, cut: false } : shorten(row);
  return {
    seq: Number(row.seq),
    id: row.id,
    session: row.session_id,
    sessionName: row.session_name,
    at: row.at.toISOString(),
    receivedAt: row.received_at.toISOString(),
    kind: row.kind,
    sender: row.sender,
    ...(row.sender_name === null ? {} : { senderName: row.sender_name }),
    ...(row.turn === null ? {} : { turn: row.turn }),
    ...(row.parent === null ? {} : { parent: row.parent }),
    ...(event.text === null ? {} : { text: event.text }),
    body: event.body,
    source: {
      agent: row.agent,
      ...(row.agent_version === null ? {} : { version: row.agent_version }),
      translator: row.translator,
      via: row.via,
    },
    ...(row.has_raw ? { hasRaw: true as const } : {}),
    ...(cut ? { cut: true as const } : {}),
  };
}

/** A list or a live frame carries at most this much of one string; the event's own address gives it whole. */
const LONG_STRING = 16_384;

function shorten(row: EventRow): { event: Pick<EventRow, "text" | "body">; cut: boolean } {
  let cut = false;
  const short = (value: unknown): unknown => {
    if (typeof value === "string" && value.length > LONG_STRING) {
      cut = true;
      const rest = (value.length - LONG_STRING).toLocaleString("en");
      return `${value.slice(0, LONG_STRING).toWellFormed()}\n… ${rest} more characters`;
    }
    if (typeof value !== "object" || value === null) return value;
    if (Array.isArray(value)) return value.map(short);
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, short(item)]));
  };
  const text = row.text === null ? null : (short(row.text) as string);
  const body = Object.fromEntries(
    Object.entries(row.body).map(([key, item]) => [key, short(item)]),
  );
  return { event: { text, body }, cut };
}

export interface Range {
  project: string;
  session?: string | undefined;
  after?: number | undefined;
  before?: number | undefined;
  kinds?: string[] | undefined;
  limit: number;
  order?: "asc" | "desc" | undefined;
}

/** A page of events by seq; `next` is the seq to pass as `after` (or, backwards, as `before`). */
export async function page(db: Db, caller: Caller, range: Range): Promise<Page<StoredEvent>> {
  const { project, session, after, before, kinds, limit } = range;
  const backwards =
    (range.order ?? (before !== undefined && after === undefined ? "desc" : "asc")) === "desc";
  const rows = await db.as(
    caller.org,
    (tx) => tx<EventRow[]>`
      select ${columns(tx)} from events e join sessions s on s.id = e.session_id
      where e.project_id = ${project} and ${within(tx, caller, project)}
        ${session ? tx`and e.session_id = ${session}` : tx``}
        ${after === undefined ? tx`` : tx`and e.seq > ${after}`}
        ${before === undefined ? tx`` : tx`and e.seq < ${before}`}
        ${kinds ? tx`and e.kind = any(${kinds})` : tx``}
      order by e.seq ${backwards ? tx`desc` : tx`asc`} limit ${limit + 1}`,
  );
  const items = rows.slice(0, limit).map((row) => storedOf(row));
  const last = items.at(-1);
  const next = rows.length > limit && last ? String(last.seq) : null;
  // Backwards pages are still read top down: oldest first.
  return { items: backwards && range.order !== "desc" ? items.reverse() : items, next };
}

/** One event, whole, with its untranslated input when that was kept. */
export async function one(
  db: Db,
  caller: Caller,
  project: { id: string; slug: string },
  seq: number,
): Promise<StoredEvent & { raw?: string }> {
  const [row] = await db.as(
    caller.org,
    (tx) => tx<(EventRow & { raw: Buffer | null })[]>`
      select ${columns(tx)}, e.raw from events e join sessions s on s.id = e.session_id
      where e.project_id = ${project.id} and e.seq = ${seq} and ${within(tx, caller, project.id)}`,
  );
  if (!row) {
    throw new PolarisError("not_found", `There is no event ${seq} in project "${project.slug}".`);
  }
  const raw = row.raw ? { raw: Buffer.from(Bun.zstdDecompressSync(row.raw)).toString() } : {};
  return { ...storedOf(row, true), ...raw };
}
