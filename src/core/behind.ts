import type { Db, Tx } from "../db/db.ts";
import { brief, type Log } from "../lib/log.ts";
import type { Feed } from "./feed.ts";
import type { Strain } from "./strain.ts";

/** What reads every project's log a little behind: where it keeps its cursors, and what it makes of a stretch. */
export interface Reader {
  name: string;
  /** A table of project_id, org_id, seq. */
  cursors: "text_cursors" | "usage_cursors" | "webhook_cursors";
  /** Takes the events after `from` up to `upTo`, in the transaction that moves the cursor. */
  take(tx: Tx, stretch: Stretch): Promise<unknown>;
  /** After a stretch that was undone: what was remembered of it is not so. */
  forget?(): void;
  /** Where it begins in a project it has not read yet; otherwise at the beginning. */
  fromNow?: true;
  /** It costs next to nothing, or somebody waits for it: it never steps aside. */
  isLight?: true;
}

export interface Stretch {
  org: string;
  project: string;
  from: number;
  upTo: number;
}

/**
 * Reads all projects with a cursor each, off the ingest path. Rung like everybody who follows the feed; after a start it
 * sweeps all projects once, so that a crash leaves nothing unread.
 */
export function startBehind(db: Db, feed: Feed, log: Log, reader: Reader, strain: Strain) {
  const waiting = new Map<string, string>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let running: Promise<void> | undefined;
  let stopped = false;
  let turnEnds = 0;
  const stop = Promise.withResolvers<true>();

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
        do {
          await aside();
        } while (!stopped && (await step(db, reader, org, project)));
      } catch (error) {
        if (!stopped) log.warn(`${reader.name}.failed`, { error: brief(error) });
        reader.forget?.();
        waiting.set(project, org);
      }
    }
    running = undefined;
    if (waiting.size > 0) kick();
  }

  async function aside(): Promise<void> {
    if (reader.isLight || performance.now() < turnEnds) return;
    const isCalm = await Promise.race([strain.calm(ASIDE_MS), stop.promise]);
    if (!isCalm) turnEnds = performance.now() + TURN_MS;
  }

  async function sweep(): Promise<void> {
    const orgs = await db.sql<{ id: string }[]>`select id from orgs`;
    for (const { id: org } of orgs) {
      const behind = await db.as(
        org,
        (tx) => tx<{ id: string }[]>`
          select p.id from projects p left join ${tx(reader.cursors)} c on c.project_id = p.id
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
  void sweep().catch((error) => log.warn(`${reader.name}.sweep_failed`, { error: brief(error) }));

  return {
    async [Symbol.asyncDispose]() {
      stopped = true;
      stop.resolve(true);
      if (timer) clearTimeout(timer);
      await running;
    },
  };
}

/** Waits for more of a burst; together with the work itself the lag stays below 2 s, unless there are too many batches. */
const DELAY_MS = 300;
const STEP = 2000;
/** While there are more batches than processors, a reader steps aside for so long, then works for a while. */
const ASIDE_MS = 5000;
const TURN_MS = 1250;

/** Takes up to 2,000 events of one project; answers whether there may be more. */
async function step(db: Db, reader: Reader, org: string, project: string): Promise<boolean> {
  return db.as(org, async (tx) => {
    const table = tx(reader.cursors);
    const start = reader.fromNow ? tx`last_seq` : tx`0`;
    await tx`
      insert into ${table} (project_id, org_id, seq)
      select id, org_id, ${start} from projects where id = ${project} on conflict do nothing`;
    const [cursor] = await tx<{ seq: string }[]>`
      select seq from ${table} where project_id = ${project} for update`;
    const from = Number(cursor?.seq ?? 0);
    const [reach] = await tx<{ seq: string }[]>`
      select least(last_seq, ${from}::bigint + ${STEP}::bigint) as seq from projects where id = ${project}`;
    const upTo = Number(reach?.seq ?? from);
    if (upTo <= from) return false;
    await reader.take(tx, { org, project, from, upTo });
    await tx`update ${table} set seq = ${upTo} where project_id = ${project}`;
    return upTo - from === STEP;
  });
}
