import type { Db } from "../db/db.ts";
import { brief, type Log } from "../lib/log.ts";
import type { Feed } from "./feed.ts";
import { startTexts } from "./texts.ts";

/**
 * Fills the search side table, off the ingest path: one more reader with a cursor per project. Rung like everybody;
 * after a start it sweeps all projects once, so that a crash leaves nothing unindexed.
 */
export function startIndexer(db: Db, feed: Feed, log: Log) {
  const waiting = new Map<string, string>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let running: Promise<void> | undefined;
  let stopped = false;
  let index = startTexts();

  const kick = () => {
    if (stopped || running) return;
    timer ??= setTimeout(() => {
      running = work();
    }, DELAY_MS);
  };

  async function work(): Promise<void> {
    timer = undefined;
    const bells = [...waiting];
    waiting.clear();
    for (const [project, org] of bells) {
      try {
        while (!stopped && (await step(db, index, org, project)));
      } catch (error) {
        if (!stopped) log.warn("indexer.failed", { error: brief(error) });
        index = startTexts(); // what it believed written may have been undone
        waiting.set(project, org);
      }
    }
    running = undefined;
    if (waiting.size > 0) kick();
  }

  async function sweep(): Promise<void> {
    const orgs = await db.sql<{ id: string }[]>`select id from orgs`;
    for (const { id: org } of orgs) {
      const behind = await db.as(
        org,
        (tx) => tx<{ id: string }[]>`
          select p.id from projects p left join text_cursors c on c.project_id = p.id
          where p.org_id = ${org} and p.last_seq > coalesce(c.seq, 0)`,
      );
      for (const { id } of behind) waiting.set(id, org);
    }
    if (waiting.size > 0) kick();
  }

  feed.onRing((org, project) => {
    waiting.set(project, org);
    kick();
  });
  void sweep().catch((error) => log.warn("indexer.sweep_failed", { error: brief(error) }));

  return {
    async [Symbol.asyncDispose]() {
      stopped = true;
      if (timer) clearTimeout(timer);
      await running;
    },
  };
}

/** Waits for more of a burst; together with the work itself the lag stays below 2 s. */
const DELAY_MS = 300;
const STEP = 2000;

/** Indexes up to 2,000 events of one project; answers whether there may be more. */
async function step(
  db: Db,
  index: ReturnType<typeof startTexts>,
  org: string,
  project: string,
): Promise<boolean> {
  return db.as(org, async (tx) => {
    await tx`
      insert into text_cursors (project_id, org_id, seq) values (${project}, ${org}, 0) on conflict do nothing`;
    const [cursor] = await tx<{ seq: string }[]>`
      select seq from text_cursors where project_id = ${project} for update`;
    const from = Number(cursor?.seq ?? 0);
    const [reach] = await tx<{ seq: string }[]>`
      select least(last_seq, ${from}::bigint + ${STEP}::bigint) as seq from projects where id = ${project}`;
    const upTo = Number(reach?.seq ?? from);
    if (upTo <= from) return false;
    await index(tx, org, project, { from, upTo });
    await tx`update text_cursors set seq = ${upTo} where project_id = ${project}`;
    return upTo - from === STEP;
  });
}
