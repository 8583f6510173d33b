import type { Db } from "../db/db.ts";
import { brief, type Log } from "../lib/log.ts";
import { uuid7 } from "../lib/uuid.ts";
import type { Caller } from "./caller.ts";

/** So often a server with listeners says that it lives; `expiry.ts` waits four times as long. */
const BEAT_MS = 5_000;
const SWEEP_MS = 3_600_000;

/** Whether a stream of this caller can bring advice to an agent: a machine's, or one of a program that records. */
export const canDeliver = ({ kind, scopes }: Caller): boolean =>
  kind !== "browser" && scopes.includes("ingest");

/**
 * Which sessions have a machine listening here, written down for all servers on the database: whoever looks after
 * waiting advice must not take a session for unreachable whose machine is connected to another one. A server that dies
 * stops saying that it lives, and its listeners are gone with it.
 */
export function startListeners(db: Db, log: Log) {
  const id = uuid7();
  /** Streams by session, and how many of them say what they hold. */
  const here = new Map<string, { org: string; streams: number; holding: number }>();
  const changed = new Set<string>();
  const swept = new Map<string, number>();
  let writing: Promise<void> | undefined;

  /** Writes down how it stands when it is written, so that what opens and closes quickly comes out right. */
  async function write(): Promise<void> {
    while (changed.size > 0) {
      const sessions = [...changed];
      changed.clear();
      try {
        await alive();
        const orgs = Map.groupBy(sessions, (session) => here.get(session)?.org ?? "");
        for (const [org, list] of orgs) {
          await tell(org, list);
          await sweep(org);
        }
      } catch (error) {
        log.warn("listeners.failed", { error: brief(error) });
        for (const session of sessions) changed.add(session);
        return; // the next beat tries again
      }
    }
  }

  /** What was left a day ago tells nothing any more; servers that died take theirs with them. */
  async function sweep(org: string): Promise<void> {
    if (Date.now() - (swept.get(org) ?? 0) < SWEEP_MS) return;
    swept.set(org, Date.now());
    await db.sql`delete from servers where alive_at < now() - interval '1 day'`;
    await db.as(org, (tx) => tx`delete from listeners where left_at < now() - interval '1 day'`);
  }

  const alive = () => db.sql`
    insert into servers (id) values (${id}) on conflict (id) do update set alive_at = now()`;

  async function tell(org: string, sessions: string[]): Promise<void> {
    const rows = sessions.map((session) => {
      const { streams = 0, holding = 0 } = here.get(session) ?? {};
      return { session, open: streams > 0, holds: streams > 0 && holding === streams };
    });
    await db.as(
      org,
      (tx) => tx`
        insert into listeners (org_id, session_id, server_id, left_at, holds)
        select ${org}, s.id, ${id}, case when r.open then null else now() end, r.holds
        from jsonb_to_recordset(${JSON.stringify(rows)}::text::jsonb) as r(session uuid, open boolean, holds boolean)
        join sessions s on s.id = r.session
        on conflict (session_id, server_id) do update set left_at = excluded.left_at, holds = excluded.holds`,
    );
    for (const { session, open } of rows) {
      if (!open && here.get(session)?.streams === 0) here.delete(session);
    }
  }

  function change(org: string, session: string, by: 1 | -1, holds: boolean): void {
    const place = here.get(session) ?? { org, streams: 0, holding: 0 };
    place.streams += by;
    if (holds) place.holding += by;
    here.set(session, place);
    changed.add(session);
    kick();
  }

  function kick(): void {
    writing ??= write().finally(() => {
      writing = undefined;
    });
  }

  const timer = setInterval(() => {
    if (changed.size > 0) return kick();
    if (here.size === 0) return;
    alive().catch((error: unknown) => log.warn("listeners.failed", { error: brief(error) }));
  }, BEAT_MS);
  timer.unref();

  return {
    /** A stream that can bring advice to this session is open, until disposed. */
    enter({ org }: Caller, session: string, holds: boolean): Disposable {
      change(org, session, 1, holds);
      let isOpen = true;
      return {
        [Symbol.dispose]() {
          if (isOpen) change(org, session, -1, holds);
          isOpen = false;
        },
      };
    },
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      await writing;
      await write();
    },
  };
}
export type Listeners = ReturnType<typeof startListeners>;
