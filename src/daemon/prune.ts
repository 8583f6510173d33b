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
  let running = prune(journal, max).catch(() => undefined);
  const timer = setInterval(() => {
    running = prune(journal, max).catch(() => undefined);
  }, EVERY_MS);
  timer.unref();
  let stopped = false;

  async function prune({ db }: Journal, limit: number): Promise<void> {
    const old = Date.now() - KEEP_MS;
    const acked = `select e.n from events e join sessions s on s.id = e.session
      where e.pos <= s.acked and e.refused is null`;
    for (;;) {
      if (stopped) return;
      const over = used(journal) > limit;
      const gone = await journal.write(
        () =>
          db
            .query(
              `delete from events where n in (${acked} ${over ? "" : "and e.written < ?2"} order by e.n limit ?1)`,
            )
            .run(SLICE, ...(over ? [] : [old])).changes,
      );
      if (gone < SLICE) break;
    }
    await journal.write(() => db.query("delete from calls where at < ?").run(old));
    db.run("pragma incremental_vacuum(2000)");
  }

  return {
    async [Symbol.asyncDispose]() {
      stopped = true;
      clearInterval(timer);
      await running;
    },
  };
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
