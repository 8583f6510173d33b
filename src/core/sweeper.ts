import type { Db } from "../db/db.ts";
import { pause } from "../lib/backoff.ts";
import { brief, type Log } from "../lib/log.ts";
import { carry, daysAgo } from "./retention.ts";
import { sweepWords } from "./sides.ts";

const EVERY_MS = 3_600_000;

/** One server at a time: "retain" as a number. */
const LOCK = 0x72657461696en.toString();

/** Once an hour, everything older than its project keeps it goes. The first look is right after the start. */
export function startSweeper(db: Db, log: Log) {
  const stopping = new AbortController();
  const { signal } = stopping;
  const running = run();

  async function run(): Promise<void> {
    while (!signal.aborted) {
      await sweep().catch((error) => log.warn("retention.failed", { error: brief(error) }));
      await pause(EVERY_MS, signal);
    }
  }

  async function sweep(): Promise<void> {
    const holder = await db.sql.reserve();
    try {
      const [lock] = await holder<{ got: boolean }[]>`
        select pg_try_advisory_lock(${LOCK}::bigint) as got`;
      if (!lock?.got) return;
      const orgs = await db.sql<{ id: string }[]>`select id from orgs`;
      for (const { id: org } of orgs) if (!signal.aborted) await sweepOrg(org);
    } finally {
      await holder`select pg_advisory_unlock(${LOCK}::bigint)`.catch(() => {});
      holder.release();
    }
  }

  async function sweepOrg(org: string): Promise<void> {
    const due = await db.as(
      org,
      (tx) => tx<{ id: string; slug: string; days: number }[]>`
        select id, slug, retention_days as days from projects
        where org_id = ${org} and retention_days is not null`,
    );
    let total = 0;
    for (const { days, ...project } of due) {
      const aim = { org, project, reason: "retention", actor: "polaris", person: null } as const;
      const { events } = await carry(db, { ...aim, before: daysAgo(days) }, signal);
      if (events > 0) log.info("retention.removed", { project: project.id, events });
      total += events;
    }
    if (total > 0) await db.as(org, (tx) => sweepWords(tx, org));
  }

  return {
    async [Symbol.asyncDispose]() {
      stopping.abort();
      await running;
    },
  };
}
