import type { Database } from "bun:sqlite";
import type { Check, CheckAnswer, Span } from "../wire/check.ts";
import { floorOf } from "./outbox.ts";
import { type Session, sessionOf } from "./sessions.ts";

/** A session that has said nothing for so long is compared though it has not ended. */
const QUIET_MS = 5_000;

interface Due {
  session: Session;
  /** 0: now. */
  inMs: number;
}

/** Sessions that the server has acknowledged whole and has not confirmed yet, the next one first. */
export function nextDue(db: Database, org: string, skip: ReadonlySet<string>): Due | undefined {
  const rows = db
    .query<Session & { written: number | null; live: number }, [string]>(
      `select s.*, (select written from events where session = s.id and pos = s.next_pos - 1) as written,
         exists (select 1 from bindings where session = s.id and state = 'live' and paused = 0) as live
       from sessions s where next_pos > checked + 1 and acked = next_pos - 1 and org = ?`,
    )
    .all(org)
    .filter(({ id }) => !skip.has(id));
  const now = Date.now();
  return rows
    .map(({ written, live, ...session }) => {
      const quietFor = Math.abs(now - (written ?? 0));
      return { session, inMs: live ? Math.max(0, QUIET_MS - quietFor) : 0 };
    })
    .sort((a, b) => a.inMs - b.inMs)[0];
}

/** What this machine recorded from `from` on, as number and hash. */
export function checkOf(
  db: Database,
  session: Session,
  { from = session.checked + 1, to = session.next_pos - 1 } = {},
): Check {
  const { id } = session;
  const floor = floorOf(db, session);
  const hasher = new Bun.CryptoHasher("sha256");
  const holes: Span[] = [];
  let count = 0;
  let next = Math.max(from, floor);
  for (const row of sendable(db, id, next, to)) {
    if (row.pos > next) holes.push([next, row.pos - 1]);
    next = row.pos + 1;
    hasher.update(`${row.id}\n`);
    count++;
  }
  if (next <= to) holes.push([next, to]);
  return { session: id, from, to, floor, holes, count, hash: hasher.digest("hex") };
}

/** The same with the ids themselves, for one slice. */
export function sliceOf(db: Database, whole: Check, from: number, size: number): Check {
  const to = Math.min(whole.to, from + size - 1);
  const ids: (string | null)[] = Array.from({ length: to - from + 1 }, () => null);
  for (const { id, pos } of sendable(db, whole.session, from, to)) ids[pos - from] = id;
  return { ...whole, from, to, ids };
}

function sendable(db: Database, session: string, from: number, to: number) {
  return db
    .query<{ id: string; pos: number }, [string, number, number]>(
      `select id, pos from events where session = ? and pos between ? and ? and refused is null order by pos`,
    )
    .iterate(session, from, to);
}

/**
 * What the server is to get again is pending again; the uplink then does what it always does. Answers how many events
 * that are. Runs inside `journal.write`.
 */
export function take(
  db: Database,
  check: Check,
  verdict: Pick<CheckAnswer["checks"][number], "state" | "missing">,
): number {
  const session = sessionOf(db, check.session);
  if (!session) return 0;
  if (verdict.state === "complete" && session.checked >= check.from - 1) {
    db.query("update sessions set checked = max(checked, ?) where id = ?").run(
      check.to,
      session.id,
    );
    return 0;
  }
  const [first] = verdict.missing.filter(([, to]) => to >= check.floor);
  if (!first) return 0;
  db.query(
    "update sessions set acked = min(acked, ?1), checked = min(checked, ?1) where id = ?2",
  ).run(Math.max(first[0], check.floor) - 1, session.id);
  return againOf(check, verdict.missing);
}

/** How many of the missing are held here. */
export const againOf = ({ floor }: Pick<Check, "floor">, missing: Span[]): number =>
  missing.reduce((sum, [from, to]) => sum + Math.max(0, to - Math.max(from, floor) + 1), 0);

/** The server has never heard of the session, or no more: all that is held here is pending again. Inside `journal.write`. */
export function sendAnew(db: Database, session: Session): void {
  db.query("update sessions set acked = ?, checked = 0 where id = ?").run(
    floorOf(db, session) - 1,
    session.id,
  );
}
