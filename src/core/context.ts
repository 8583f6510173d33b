import type { Db } from "../db/db.ts";
import { CHARS_PER_TOKEN, type Context, type ContextItem } from "../wire/context.ts";
import type { Project } from "../wire/session.ts";
import { within } from "./access.ts";
import type { Caller } from "./caller.ts";
import { clip } from "./clip.ts";
import { search } from "./search.ts";

/** What tells another session's story; advice in its latest words, unless it was taken back; tool results, thoughts and costs are in the session itself. */
const KINDS = [
  "user.message",
  "agent.message",
  "tool.call",
  "question.asked",
  "question.answered",
  "permission.decision",
  "driver.changed",
  "session.start",
  "session.end",
  "session.title",
  "error",
  "injection.queued",
  "injection.answered",
];

/** As many as a page of the search holds. */
const FOUND = 200;

/** An item without any text is this long. */
const LEAST = 150;

export interface Wanted {
  /** Only this session, by name; or all but this one. */
  session?: string | undefined;
  except?: string | undefined;
  person?: string | undefined;
  after?: string | undefined;
  before?: string | undefined;
  q?: string | undefined;
  /** Older than this seq. */
  cursor?: number | undefined;
  budget: number;
}

/**
 * What has been done in a project's sessions, newest first until the budget is spent; with words, the newest two hundred
 * that the search finds (`/search` has them all, in pages).
 */
export async function context(
  db: Db,
  caller: Caller,
  project: Project,
  wanted: Wanted,
): Promise<Context> {
  const { session, except, person, after, before, q, cursor, budget } = wanted;
  const limit = Math.ceil((budget * CHARS_PER_TOKEN) / LEAST) + 1;
  const range = { since: after, until: before, limit: FOUND };
  const found = q
    ? await search(db, caller, { q, project: project.slug, session, ...range })
    : null;
  const rows = await db.as(
    caller.org,
    (tx) => tx<Row[]>`
      select e.id, e.seq, s.name, e.at, e.sender, e.kind, left(coalesce(i.text, e.text, ''), 20000) as text,
        e.body->>'name' as tool, e.body->>'driver' as driver
      from events e join sessions s on s.id = e.session_id
      left join injections i on e.kind = 'injection.queued' and i.project_id = e.project_id and i.id = e.id
      where e.project_id = ${project.id} and ${within(tx, caller, project.id)}
        and e.kind = any(${KINDS}) and e.parent is null and coalesce(e.body->>'origin', '') <> 'system'
        and i.state is distinct from 'recalled'
        ${found ? tx`and e.seq = any(${found.items.map(({ seq }) => seq)}::bigint[])` : tx``}
        ${session ? tx`and s.name = ${session}` : tx``}
        ${except ? tx`and s.name <> ${except}` : tx``}
        ${person ? tx`and e.sender = ${person}` : tx``}
        ${after ? tx`and e.at > ${after}::text::timestamptz` : tx``}
        ${before ? tx`and e.at < ${before}::text::timestamptz` : tx``}
        ${cursor ? tx`and e.seq < ${cursor}` : tx``}
      order by e.seq desc limit ${limit}`,
  );
  return fit(rows, budget, rows.length === limit);
}

interface Row {
  id: string;
  seq: string;
  name: string;
  at: Date;
  sender: string;
  kind: string;
  text: string;
  tool: string | null;
  driver: string | null;
}

/** One text takes a quarter of the budget at most, so that a long answer leaves room for what led to it. */
function fit(rows: Row[], budget: number, isMore: boolean): Context {
  const room = budget * CHARS_PER_TOKEN;
  const items: ContextItem[] = [];
  let used = 2;
  for (const row of rows) {
    const item = itemOf(row, Math.max(80, Math.min(2000, room / 4)));
    const size = JSON.stringify(item).length + 1;
    if (used + size > room) break;
    used += size;
    items.push(item);
  }
  const isCut = items.length < rows.length || isMore;
  const last = items.at(-1);
  return {
    items: items.reverse(),
    tokens: Math.ceil(used / CHARS_PER_TOKEN),
    next: isCut && last ? String(last.seq) : null,
  };
}

function itemOf(row: Row, most: number): ContextItem {
  const { id: event, name: session, sender, kind } = row;
  const said =
    kind === "tool.call"
      ? `${row.tool ?? "tool"}: ${row.text}`
      : kind === "driver.changed"
        ? `${row.driver ?? "nobody"} drives`
        : row.text;
  const at = row.at.toISOString();
  return { event, seq: Number(row.seq), session, at, sender, kind, text: clip(said, most) };
}
