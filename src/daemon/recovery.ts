import type { Agent } from "../agents/agent.ts";
import { pause } from "../lib/backoff.ts";
import { brief } from "../lib/log.ts";
import type { Guard } from "../machine/guard/guard.ts";
import { PolarisError } from "../wire/error.ts";
import type { Job, Recover, Row } from "../wire/job.ts";
import type { Accounts } from "./accounts.ts";
import { type Lacks, newsOf } from "./backfill.ts";
import type { Bound } from "./bindings.ts";
import { checker, type Unsure } from "./check.ts";
import { compare, reconcile } from "./checker.ts";
import { checkOf, sendAnew } from "./checks.ts";
import { append } from "./events.ts";
import type { Journal } from "./journal.ts";
import { own } from "./own.ts";
import { type Session, sessionOf } from "./sessions.ts";
import { firstMemory, tailsOf } from "./tails.ts";
import { eventsOf } from "./transcripts.ts";

/** What is sent again must have arrived before a second run can say "nothing new". */
const ARRIVAL_MS = 120_000;

interface Needs {
  journal: Journal;
  agents: readonly Agent[];
  guard: Guard;
  accounts: Accounts;
  machine: { id: string };
  lacks: Lacks;
}

/**
 * Compares every session of this machine with the server: what the journal holds, by position; what the transcripts
 * tell, by id, from where each began to be recorded up to where it was read. What is missing goes in again.
 */
export function startRecovery({ journal, agents, guard, accounts, machine, lacks }: Needs) {
  const { db } = journal;

  async function recover(session: Session, bounds: Bound[], wish: Recover, job: Job) {
    const row: Row = {
      ...{ path: null, agentSession: bounds[0]?.agent_session ?? null, bytes: 0 },
      ...{ from: session.started_at, to: null, cwd: session.cwd, project: session.project },
      ...{ name: session.name, events: session.next_pos - 1, fresh: 0, again: 0, skipped: null },
    };
    job.rows.push(row);
    const account = accounts.of(session);
    if (!account) {
      row.skipped = "nobody is signed in there";
      return;
    }
    try {
      const server = { url: account.url, token: await accounts.bearer(account.name) };
      row.again = await lostOf(session, server, wish.dry);
    } catch (error) {
      if (!(error instanceof PolarisError)) throw error;
      row.skipped = brief(error);
      return;
    }
    for (const bound of bounds) row.fresh += await untold(session, bound, wish.dry, job);
    if (wish.dry || row.fresh + row.again === 0) return;
    const count = row.fresh + row.again;
    const text = `${count} ${count === 1 ? "event" : "events"} recovered from the machine.`;
    const body = { events: count, journal: row.again, transcript: row.fresh };
    await journal.write(() => append(db, session.id, [own("recovered", session, { text, body })]));
  }

  /** What the server had acknowledged and has no more. What it has not acknowledged is on its way anyway. */
  async function lostOf(
    session: Session,
    server: { url: string; token: string },
    dry: boolean,
  ): Promise<number> {
    if (session.acked === 0) return 0;
    const check = checkOf(db, session, { from: 1, to: session.acked });
    const { state, again } = await compare(journal, machine.id, server, check, { dry });
    if (state !== "unknown") return again;
    if (!dry) await journal.write(() => sendAnew(db, session));
    return check.count;
  }

  /** What stands in the transcripts' recorded stretch and is nowhere. */
  async function untold(session: Session, bound: Bound, dry: boolean, job: Job): Promise<number> {
    const agent = agents.find(({ name }) => name === bound.agent);
    if (!agent) return 0;
    const parts = tailsOf(db, bound.agent_session).map((tail) => ({
      path: tail.path,
      start: tail.began,
      end: tail.offset,
      memory: firstMemory(tail),
    }));
    let fresh = 0;
    const onRead = (bytes: number) => {
      job.read += bytes;
    };
    // What cannot be checked was noted when it was first read, and is tried again from there.
    const unsure: Unsure[] = [];
    const check = checker(guard, bound.cwd ?? session.cwd, unsure);
    for await (const events of eventsOf(agent, parts, session, check, onRead)) {
      const news = await newsOf(db, events, (ids) => lacks(session, session.project, ids));
      fresh += dry ? news.length : await journal.write(() => append(db, session.id, news));
    }
    return fresh;
  }

  /** Sessions that are asked for. */
  function wantedBy({ project, since }: Pick<Recover, "project" | "since">): string[] {
    return db
      .query<{ id: string }, [string | null, number]>(
        `select id from sessions s where (?1 is null or project = ?1) and (
           exists (select 1 from events where session = s.id and written >= ?2)
           or exists (select 1 from bindings where session = s.id and at >= ?2)) order by id`,
      )
      .all(project ?? null, since === undefined ? 0 : Date.parse(since))
      .map(({ id }) => id);
  }

  return {
    async run(wish: Recover, job: Job, signal: AbortSignal): Promise<void> {
      const wanted = wantedBy(wish).map((id) => ({
        id,
        bounds: db
          .query<Bound, [string]>("select * from bindings where session = ? and state <> 'left'")
          .all(id),
      }));
      for (const { bounds } of wanted) {
        const tails = bounds.flatMap(({ agent_session }) => tailsOf(db, agent_session));
        job.bytes += tails.reduce((sum, { began, offset }) => sum + offset - began, 0);
      }
      for (const { id, bounds } of wanted) {
        signal.throwIfAborted();
        const session = sessionOf(db, id);
        if (session) await recover(session, bounds, wish, job);
      }
    },

    /** What came back did so under new positions: the old ones are no longer missing. After `arrived`. */
    async settled(wish: Recover, signal: AbortSignal): Promise<void> {
      for (const id of wantedBy(wish)) {
        signal.throwIfAborted();
        const session = sessionOf(db, id);
        const account = session && accounts.of(session);
        if (!account) continue;
        try {
          const server = { url: account.url, token: await accounts.bearer(account.name) };
          await reconcile(db, machine.id, server, session);
        } catch (error) {
          // All is there already; the next recovery says so.
          if (!(error instanceof PolarisError)) throw error;
        }
      }
    },

    /** Resolves when the server has acknowledged everything that can be sent, or it takes too long. */
    async arrived(signal: AbortSignal): Promise<void> {
      const waiting = db.query<{ id: string; n: number }, []>(
        "select id, next_pos - 1 - acked as n from sessions where next_pos > acked + 1",
      );
      const end = Date.now() + ARRIVAL_MS;
      while (!signal.aborted && Date.now() < end) {
        const left = waiting.all().filter(({ id }) => {
          const session = sessionOf(db, id);
          return session && accounts.of(session);
        });
        if (left.length === 0) return;
        await pause(50, signal);
      }
    },
  };
}

export type Recovery = ReturnType<typeof startRecovery>;
