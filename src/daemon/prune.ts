import { forgetOld, remember } from "./dropped.ts";
import { unlearn } from "./ids.ts";
import type { Journal } from "./journal.ts";

const DAY = 24 * 3_600_000;
const KEEP_MS = 7 * DAY;
const EVERY_MS = 10 * 60_000;
const DEFAULT_MAX = 2_000_000_000;
/** Few enough rows that no hook waits noticeably for the transaction. */
const SLICE = 500;

/**
 * Removes what the server has acknowledged: after a week, or oldest first when the journal passes POLARIS_JOURNAL_MAX
 * bytes. What it has not acknowledged or has refused is never removed, however full the journal is.
 */
export function startPruner(journal: Journal, max = maxBytes()): AsyncDisposable {
  const stop = new AbortController();
  let running = prune(journal, max, stop.signal).catch(() => undefined);
  const timer = setInterval(() => {
    running = prune(journal, max, stop.signal).catch(() => undefined);
  }, EVERY_MS);
  timer.unref();

  return {
    async [Symbol.asyncDispose]() {
      stop.abort();
      clearInterval(timer);
      await running;
    },
  };
}

/** Once through. */
export async function prune(journal: Journal, limit: number, stop?: AbortSignal): Promise<void> {
  const { db } = journal;
  const old = Date.now() - KEEP_MS;
  const acked = `select e.n, e.id, e.session, e.pos from events e join sessions s on s.id = e.session
      where e.pos <= s.acked and e.refused is null and e.n <= (select n from indexed)`;
  for (;;) {
    if (stop?.aborted) return;
    const over = used(journal) > limit;
    const gone = await journal.write(() => {
      const rows = db
        .query<{ n: number; id: string; session: string; pos: number }, number[]>(
          `${acked} ${over ? "" : "and e.written < ?2"} order by e.n limit ?1`,
        )
        .all(SLICE, ...(over ? [] : [old]));
      const remove = db.query("delete from events where n = ?");
      for (const { n } of rows) remove.run(n);
      const ids = rows.map(({ id }) => id);
      unlearn(db, ids);
      remember(db, rows);
      return rows.length;
    });
    if (gone < SLICE) break;
  }
  await journal.write(() => {
    db.query("delete from calls where at < ?").run(old);
    forgetOld(db);
  });
  db.run("pragma incremental_vacuum(2000)");
}

/** Bytes that hold something: freed pages wait to be used again. */
function used({ db }: Journal): number {
  const row = db
    .query<{ bytes: number }, []>(
      `select (page_count - freelist_count) * page_size as bytes
       from pragma_page_count, pragma_freelist_count, pragma_page_size`,
    )
    .get();
  return row?.bytes ?? 0;
}

function maxBytes(): number {
  const value = Number(process.env.POLARIS_JOURNAL_MAX);
  return Number.isFinite(value) && value > 0 ? value : DEFAULT_MAX;
}
