import type { Db } from "../db/db.ts";
import type { StoredEvent } from "../wire/event.ts";
import type { Page } from "../wire/session.ts";
import { within } from "./access.ts";
import type { Caller } from "./caller.ts";
import { columns, type EventRow, storedOf } from "./history.ts";

/** Events of a project that hold these words (`websearch_to_tsquery`: "a phrase", -not, or), newest first. */
export async function search(
  db: Db,
  caller: Caller,
  wanted: { project: string; words: string; before?: number | undefined; limit: number },
): Promise<Page<StoredEvent>> {
  const { project, words, before, limit } = wanted;
  const rows = await db.as(
    caller.org,
    (tx) => tx<EventRow[]>`
      select ${columns(tx)}
      from event_text t
      join events e on e.project_id = t.project_id and e.seq = t.seq
      join sessions s on s.id = e.session_id
      where t.project_id = ${project} and ${within(tx, caller, project)}
        and t.tsv @@ websearch_to_tsquery('simple', ${words})
        ${before === undefined ? tx`` : tx`and t.seq < ${before}`}
      order by t.seq desc limit ${limit + 1}`,
  );
  const items = rows.slice(0, limit).map((row) => storedOf(row));
  const last = items.at(-1);
  return { items, next: rows.length > limit && last ? String(last.seq) : null };
}
