import type { Db } from "../db/db.ts";
import { brief, type Log } from "../lib/log.ts";
import { PolarisError } from "../wire/error.ts";
import { demand, isMember, seen, visible } from "./access.ts";
import type { Caller } from "./caller.ts";
import type { Identify } from "./identify.ts";
import { standing } from "./standing.ts";

/** How often a stream's access is looked at: with the look itself it ends well within 5 s of losing it. */
const EVERY_MS = 2500;
/** Looks at once: a hundred streams must not take all connections of the pool. */
const ABREAST = 4;

interface Entry {
  caller: Caller;
  /** Absent: no project in particular; then only the right to read at all is looked at. */
  project: string | undefined;
  /** One for each stream; all streams of one caller in one project share a look. */
  streams: Set<AbortController>;
}

/**
 * Ends streams whose caller loses access: signed out, removed, another role, a private project without them. Looked up
 * every 2.5 s, once per caller and project, and at once when a bell rings (`changed`), in every process on the database.
 */
export async function startWatch(db: Db, identify: Identify, log: Log) {
  const self = crypto.randomUUID().slice(0, 8);
  const entries = new Map<string, Entry>();
  let running: Promise<void> | undefined;
  let again = false;

  async function look(): Promise<void> {
    const waiting = [...entries.values()];
    const worker = async () => {
      for (let entry = waiting.pop(); entry; entry = waiting.pop()) await check(entry);
    };
    await Promise.all(Array.from({ length: ABREAST }, worker));
  }

  async function check({ caller, project, streams }: Entry): Promise<void> {
    try {
      const lost = await lostBy(db, caller, project);
      if (lost) for (const stream of streams) stream.abort(lost);
    } catch (error) {
      // The database is away: then there are no events to show either. The next look decides.
      log.warn("watch.failed", { error: brief(error) });
    }
  }

  /** One look at a time; a bell during it asks for another one. */
  function lookSoon(): void {
    again = true;
    running ??= (async () => {
      while (again) {
        again = false;
        await look();
      }
      running = undefined;
    })();
  }

  const timer = setInterval(lookSoon, EVERY_MS);
  timer.unref();
  await db.listen(
    CHANNEL,
    (from) => {
      if (from === self) return;
      identify.forget({ quietly: true });
      lookSoon();
    },
    lookSoon,
  );
  const changed = (): void => {
    lookSoon();
    db.sql`select pg_notify(${CHANNEL}, ${self})`.catch((error: unknown) => {
      log.warn("watch.bell_lost", { error: brief(error) }); // the others look by themselves
    });
  };
  identify.onForget(changed);

  return {
    /** Somebody's access may have changed, and is committed. */
    changed,
    /** A signal that fires, with a PolarisError as its reason, when this caller loses this project, or all of them. Dispose it. */
    over(caller: Caller, project?: string): { signal: AbortSignal } & Disposable {
      const key = `${caller.token} ${caller.kind} ${project ?? ""}`;
      const entry = entries.get(key) ?? { caller, project, streams: new Set() };
      entries.set(key, entry);
      const stream = new AbortController();
      entry.streams.add(stream);
      return {
        signal: stream.signal,
        [Symbol.dispose]() {
          entry.streams.delete(stream);
          if (entry.streams.size === 0 && entries.get(key) === entry) entries.delete(key);
        },
      };
    },
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      again = false;
      await running;
    },
  };
}
export type Watch = Awaited<ReturnType<typeof startWatch>>;

const CHANNEL = "polaris_access";

/** Why the caller may read the project no longer; undefined while they may. */
async function lostBy(
  db: Db,
  then: Caller,
  project: string | undefined,
): Promise<PolarisError | undefined> {
  return db.as(then.org, async (tx) => {
    const caller = await standing(tx, then);
    if (!caller) return new PolarisError("unauthenticated", "You are signed out.");
    try {
      demand(caller, "read");
    } catch (error) {
      if (error instanceof PolarisError) return error;
      throw error;
    }
    if (!project) return undefined;
    const [row] = await tx<{ slug: string; visibility: "org" | "private"; member: boolean }[]>`
      select p.slug, p.visibility, ${isMember(tx, caller)} as member from projects p
      where p.id = ${project} and p.archived_at is null and ${visible(tx, caller)}`;
    if (!row) return new PolarisError("not_found", "You no longer have access.");
    await seen(tx, caller, row);
    return undefined;
  });
}
