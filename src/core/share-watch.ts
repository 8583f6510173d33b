import type { Db } from "../db/db.ts";
import { brief, type Log } from "../lib/log.ts";
import type { Opened } from "./shares.ts";

const CHANNEL = "polaris_shares";
/** The bell ends a stream at once; should it be lost, a look does, still within a second. */
const EVERY_MS = 800;

/** Ends the streams of links that are revoked or over: in this process at once, in others by a bell. */
export async function startShareWatch(db: Db, log: Log) {
  const streams = new Map<AbortController, Opened>();
  let looking = false;

  const end = (id: string) => {
    for (const [stream, share] of streams) if (share.id === id) stream.abort();
  };

  async function look(): Promise<void> {
    if (looking || streams.size === 0) return;
    looking = true;
    try {
      const byOrg = Map.groupBy(new Set(streams.values()), ({ org }) => org);
      for (const [org, shares] of byOrg) {
        const ids = shares.map(({ id }) => id);
        const alive = await db.as(
          org,
          (tx) => tx<{ id: string }[]>`
            select h.id from shares h join projects p on p.id = h.project_id
            where h.id = any(${ids}::uuid[]) and h.revoked_at is null and h.expires_at > now()
              and p.archived_at is null`,
        );
        const left = new Set(alive.map(({ id }) => id));
        for (const id of ids) if (!left.has(id)) end(id);
      }
    } catch (error) {
      log.warn("shares.look_failed", { error: brief(error) });
    } finally {
      looking = false;
    }
  }

  const timer = setInterval(() => void look(), EVERY_MS);
  timer.unref();
  await db.listen(CHANNEL, end, () => void look());

  return {
    /** A link was revoked, and that is committed. */
    revoked(id: string): void {
      end(id);
      db.sql`select pg_notify(${CHANNEL}, ${id})`.catch((error: unknown) => {
        log.warn("shares.bell_lost", { error: brief(error) }); // the others look by themselves
      });
    },
    /** A signal that fires when the link ends. Dispose it. */
    over(share: Opened): { signal: AbortSignal } & Disposable {
      const stream = new AbortController();
      streams.set(stream, share);
      return { signal: stream.signal, [Symbol.dispose]: () => streams.delete(stream) };
    },
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
    },
  };
}
export type ShareWatch = Awaited<ReturnType<typeof startShareWatch>>;
