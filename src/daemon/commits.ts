import { basename } from "node:path";
import { brief, type Log } from "../lib/log.ts";
import { uuid5 } from "../lib/uuid.ts";
import { describe } from "../machine/commits.ts";
import { branchOf, checkoutOf, repositoryOf } from "../machine/git.ts";
import type { Guard } from "../machine/guard/guard.ts";
import { type Made, readReflog, reflogOf } from "../machine/reflog.ts";
import type { Event } from "../wire/event.ts";
import type { Bound } from "./bindings.ts";
import { append } from "./events.ts";
import type { Journal } from "./journal.ts";
import { own } from "./own.ts";
import { sessionOf } from "./sessions.ts";

/** A file's size is looked at, nothing is run: cheap, and soon enough for a commit. */
const EVERY_MS = 10_000;
/** So long after its last word a session is still looked at. */
const ENDED_MS = 60_000;
/** Git notes whole seconds. */
const SECOND_MS = 1000;

interface Seen {
  offset: number;
  size: number;
}

/**
 * Records the commits that appear in a recorded session's working tree while it runs. They are read from git's own log
 * of the head; git itself is run only to describe a commit that is new. Of two sessions in one working tree the one that
 * spoke last is told of it.
 */
export function startCommits({
  journal,
  guard,
  log,
}: {
  journal: Journal;
  guard: Guard;
  log: Log;
}) {
  const { db } = journal;
  const files = new Map<string, Seen>();
  let running: Promise<void> | undefined;

  async function look(): Promise<void> {
    const byLog = new Map<string, Bound[]>();
    for (const bound of recent()) {
      const path = bound.cwd ? reflogOf(bound.cwd) : undefined;
      if (path) byLog.set(path, [...(byLog.get(path) ?? []), bound]);
    }
    for (const [path, bounds] of byLog) {
      const seen = files.get(path);
      const size = Bun.file(path).size;
      if (seen?.size === size) continue;
      const { made, offset } = readReflog(path, seen?.offset ?? 0);
      for (const one of made) await tell(one, bounds);
      files.set(path, { offset, size });
    }
    for (const path of files.keys()) if (!byLog.has(path)) files.delete(path);
  }

  /** Those that run, and those whose last word was written a moment ago: `claude -p` is over within seconds. */
  const recent = () =>
    db
      .query<Bound, [number]>(
        `select b.* from bindings b join sessions s on s.id = b.session
         where b.paused = 0 and (b.state = 'live' or (b.state = 'ended' and exists (
           select 1 from events e
           where e.session = b.session and e.pos = s.next_pos - 1 and e.written > ?)))`,
      )
      .all(Date.now() - ENDED_MS);

  /** Whoever spoke last before it; a session that began after the commit has not made it. */
  function whose({ at }: Made, bounds: Bound[]): Bound | undefined {
    const spoke = ({ session }: Bound) =>
      db
        .query<{ at: number }, [string]>("select max(at) as at from events where session = ?")
        .get(session)?.at ?? 0;
    const begun = bounds.filter(({ session }) => {
      const known = sessionOf(db, session);
      return known && Date.parse(known.started_at) - SECOND_MS <= at.getTime();
    });
    return begun.toSorted((a, b) => spoke(b) - spoke(a))[0];
  }

  async function tell(made: Made, bounds: Bound[]): Promise<void> {
    const bound = whose(made, bounds);
    const checkout = bound?.cwd ? checkoutOf(bound.cwd) : undefined;
    const session = bound && sessionOf(db, bound.session);
    if (!bound || !checkout || !session) return;
    const found = await describe(checkout.root, made.sha);
    if (!found) return;
    const { subject, ...commit } = found;
    const branch = branchOf(checkout.git);
    const event: Event = {
      ...own("code.commit", session),
      id: uuid5(bound.session, `commit ${made.sha}`),
      at: made.at.toISOString(),
      sender: session.agent,
      text: subject,
      body: {
        ...commit,
        repository: repositoryOf(checkout.root)?.remote ?? basename(checkout.root),
        ...(branch ? { branch } : {}),
        ...(made.replaces ? { replaces: [made.before] } : {}),
      },
    };
    // A hash is no secret, however random it looks.
    const { sha, patch, replaces } = event.body;
    const clean = guard.clean(event, bound.cwd);
    const body = {
      ...clean.body,
      sha,
      ...(patch ? { patch } : {}),
      ...(replaces ? { replaces } : {}),
    };
    await journal.write(() => {
      append(db, bound.session, [{ ...clean, body }]);
    });
  }

  const timer = setInterval(() => {
    running ??= look()
      .catch((error: unknown) => log.warn("commits.failed", { error: brief(error) }))
      .finally(() => {
        running = undefined;
      });
  }, EVERY_MS);
  timer.unref();

  return {
    /** One look now: before a session's last words are sent. */
    look,
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      await running;
    },
  };
}
