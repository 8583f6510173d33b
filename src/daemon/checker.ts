import { backoff } from "../lib/backoff.ts";
import { brief, type Log } from "../lib/log.ts";
import { call } from "../machine/api.ts";
import { type Check, CheckAnswer } from "../wire/check.ts";
import { againOf, checkOf, nextDue, sliceOf, take } from "./checks.ts";
import { lostChecks } from "./dropped.ts";
import type { Journal } from "./journal.ts";
import type { Session } from "./sessions.ts";

/** A session whose comparison went wrong or found something is compared again: soon, then ever less soon. */
const SOON_MS = 500;
const AGAIN_MS = 10 * 60_000;
/** A server that knows no comparisons is not asked again soon, nor for a session it does not know. */
const LATER_MS = 3_600_000;
const SLICE = 2_000;

type Server = { url: string; token: string };

/**
 * Compares what was recorded with what the server holds, when a session ends or falls quiet; what is missing there is
 * sent again. A server that was set back, or a bug in any cursor, is found by this and by nothing else.
 */
export interface Checker {
  /** Compares what is due. Answers in how many milliseconds the next one is, undefined when none waits. */
  run(server: Server, org: string): Promise<number | undefined>;
}

export function startChecker({
  journal,
  machine,
  log,
}: {
  journal: Journal;
  machine: { id: string };
  log: Log;
}): Checker {
  const { db } = journal;
  const later = new Map<string, number>();
  const waits = new Map<string, ReturnType<typeof backoff>>();

  /** The session is left alone until then. */
  function defer(id: string, ms?: number): void {
    const wait = waits.get(id) ?? backoff({ firstMs: SOON_MS, maxMs: AGAIN_MS });
    waits.set(id, wait);
    later.set(id, Date.now() + (ms ?? wait.next()));
  }

  return {
    async run(server, org) {
      for (;;) {
        const now = Date.now();
        for (const [id, until] of later) if (until <= now) later.delete(id);
        const due = nextDue(db, org, new Set(later.keys()));
        if (!due || due.inMs > 0) {
          const deferred = [...later.values()].map((until) => until - now);
          const next = Math.min(due?.inMs ?? Number.POSITIVE_INFINITY, ...deferred);
          return Number.isFinite(next) ? next : undefined;
        }
        const { id } = due.session;
        try {
          const { state, again } = await compare(
            journal,
            machine.id,
            server,
            checkOf(db, due.session),
          );
          if (state !== "complete") log.info("check.done", { session: id, state, again });
          if (state === "complete") waits.delete(id);
          else defer(id, state === "unknown" ? LATER_MS : undefined);
          if (again > 0) return 0;
        } catch (error) {
          const isOld = error instanceof Error && "code" in error && error.code === "not_found";
          defer(id, isOld ? LATER_MS : undefined);
          log.info("check.failed", { error: brief(error) });
        }
      }
    },
  };
}

/** Tells the server which ids stood where this machine holds nothing any more: what came back is no longer missing. */
export async function reconcile(
  db: Journal["db"],
  machine: string,
  server: Server,
  session: Session,
): Promise<void> {
  for (const check of lostChecks(db, session)) await askAbout(machine, server, check);
}

async function askAbout(machine: string, server: Server, check: Check) {
  const body = JSON.stringify({ machine, checks: [check] });
  const request = { method: "POST", path: "/ingest/checks", body, timeoutMs: 30_000 } as const;
  const { checks } = await call(server, request, CheckAnswer);
  return checks[0] ?? { state: "unknown" as const, missing: [] };
}

/** One session's comparison: number and hash, then the ids where these differ. `again`: how many will be sent again. */
export async function compare(
  journal: Journal,
  machine: string,
  server: Server,
  whole: Check,
  { dry = false } = {},
): Promise<{ state: "complete" | "missing" | "unknown"; again: number }> {
  const ask = (check: Check) => askAbout(machine, server, check);
  const settle = (check: Check, verdict: Awaited<ReturnType<typeof ask>>) =>
    dry ? againOf(check, verdict.missing) : journal.write(() => take(journal.db, check, verdict));

  await journal.sync();
  const first = await ask(whole);
  if (first.state !== "differs") {
    await settle(whole, first);
    return { state: first.state, again: 0 };
  }
  let again = 0;
  let isMissing = false;
  for (let from = Math.max(whole.from, whole.floor); from <= whole.to; from += SLICE) {
    const slice = sliceOf(journal.db, whole, from, SLICE);
    const verdict = await ask(slice);
    // What lies below the floor is not said again by id; the first slice speaks for it.
    const spoken = from <= whole.floor ? { ...slice, from: whole.from } : slice;
    again += await settle(spoken, verdict);
    isMissing ||= verdict.state !== "complete";
  }
  return { state: isMissing ? "missing" : "complete", again };
}
