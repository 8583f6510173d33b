import type { Db } from "../db/db.ts";
import type { Page, Session, State } from "../wire/session.ts";
import { visible } from "./access.ts";
import type { Caller } from "./caller.ts";
import { cursorOf, readCursor } from "./cursor.ts";
import { faces, type SessionRow, sessionOf } from "./sessions.ts";

/** Sessions of every project the caller sees, the last active first; those that are over only when asked for. */
export async function everywhere(
  db: Db,
  caller: Caller,
  wanted: { states?: State[] | undefined; limit: number; cursor?: string | undefined },
): Promise<Page<Session>> {
  const { states, limit, cursor } = wanted;
  const [at, id] = cursor ? readCursor(cursor, 2) : [];
  const rows = await db.as(
    caller.org,
    (tx) => tx<(SessionRow & { sort: string })[]>`
      select s.*, ${faces(tx)}, p.slug,
        to_char(coalesce(s.last_event_at, s.created_at) at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as sort
      from sessions s join projects p on p.id = s.project_id
      where p.archived_at is null and ${visible(tx, caller)}
        ${states ? tx`and s.state = any(${states})` : tx`and s.state <> 'finished'`}
        ${at && id ? tx`and (coalesce(s.last_event_at, s.created_at), s.id) < (${at}::text::timestamptz, ${id}::uuid)` : tx``}
      order by coalesce(s.last_event_at, s.created_at) desc, s.id desc limit ${limit + 1}`,
  );
  const last = rows[limit - 1];
  const next = rows.length > limit && last ? cursorOf(last.sort, last.id) : null;
  return { items: rows.slice(0, limit).map(sessionOf), next };
}
