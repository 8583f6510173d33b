/**
 * Patience with advice. What no machine takes within 20 s is given up and its sender told why; looked for every other
 * second, so that nobody waits for 30. What an agent had no chance to see yet stays queued as long as a machine listens
 * for its session and has it written down, a day at most. Whether delivered advice was seen is the machine's to judge; only when it went away
 * itself does the server answer in its place. Evidence that comes later still counts (`reports.ts`).
 */
import type { Db, Tx } from "../db/db.ts";
import { pause } from "../lib/backoff.ts";
import { brief, type Log } from "../lib/log.ts";
import { PolarisError } from "../wire/error.ts";
import type { State } from "../wire/session.ts";
import type { Caller } from "./caller.ts";
import type { Doorbell } from "./doorbell.ts";
import { own, post } from "./post.ts";

const LOOK_MS = 2_000;

/** "polexp", as a number: of several servers one looks at a time. */
const LOCK = 0x706f6c657870n.toString();

export function startExpiry(db: Db, bell: Doorbell, log: Log): AsyncDisposable {
  const stopped = new AbortController();

  async function run(): Promise<void> {
    while (!stopped.signal.aborted) {
      await pause(LOOK_MS, stopped.signal);
      if (stopped.signal.aborted) return;
      try {
        await look();
      } catch (error) {
        log.warn("expiry.failed", { error: brief(error) });
      }
    }
  }

  const look = () =>
    db.sql.begin(async (tx) => {
      const [lock] = await tx<{ mine: boolean }[]>`
        select pg_try_advisory_xact_lock(${LOCK}::bigint) as mine, set_config('polaris.due', 'yes', true)`;
      if (!lock?.mine) return;
      const orgs = await tx<{ org: string }[]>`
        select distinct org_id as org from injections
        where state in ('queued', 'delivered') and changed_at < now() - interval '20 seconds'`;
      for (const { org } of orgs) {
        for (const one of await db.as(org, (inside) => due(inside))) {
          if (!stopped.signal.aborted) await expire(org, one);
        }
      }
    });

  /** Under the project's lock it is looked at once more: a report, or another server, may have been quicker. */
  async function expire(org: string, one: Due): Promise<void> {
    const reason = reasonOf(one);
    const project = { id: one.project_id, slug: one.slug };
    const event = own("injection.expired", HOUSE, {
      text: reason,
      body: { injection: one.id, reason },
    });
    try {
      await post(
        db,
        bell,
        houseOf(org),
        { project, session: { id: one.session_id }, events: [event] },
        {
          async before(tx) {
            const [still] = await due(tx, one.id);
            if (still?.state !== one.state) throw new PolarisError("conflict", "moved on");
            await tx`
              update injections set state = 'expired', reason = ${reason}, changed_at = now()
              where project_id = ${one.project_id} and id = ${one.id}`;
          },
        },
      );
      log.info("injection.expired", { id: one.id, was: one.state });
    } catch (error) {
      if (!(error instanceof PolarisError)) throw error;
    }
  }

  const running = run();
  return {
    async [Symbol.asyncDispose]() {
      stopped.abort();
      await running;
    },
  };
}

interface Due {
  id: string;
  project_id: string;
  slug: string;
  session_id: string;
  session_state: State;
  state: "queued" | "delivered";
  heard: boolean;
  asleep: boolean;
  listened: boolean;
}

/** What of this organisation is waited for in vain. `listened`: a machine listens still, but a day has passed. */
const due = (tx: Tx, id: string | null = null) => tx<Due[]>`
  select * from (
    select i.id, i.project_id, p.slug, i.session_id, s.state as session_state, i.state, i.changed_at,
      l.heard_at is not null as heard, l.asleep and i.held_at is null as asleep,
      coalesce(case when i.held_at is null and i.state = 'queued' then l.awake_at else l.heard_at end
        > now() - interval '20 seconds', false) as listened
    from injections i
    join sessions s on s.id = i.session_id
    join projects p on p.id = i.project_id and p.archived_at is null
    left join lateral (
      select max(coalesce(l.left_at, v.alive_at)) as heard_at,
        max(coalesce(l.left_at, v.alive_at)) filter (where not l.holds) as awake_at,
        bool_or(l.holds and l.left_at is null and v.alive_at > now() - interval '20 seconds') as asleep
      from listeners l join servers v on v.id = l.server_id where l.session_id = i.session_id
    ) l on true
    where i.state in ('queued', 'delivered') and i.changed_at < now() - interval '20 seconds'
      and (${id}::uuid is null or i.id = ${id}::uuid)
  ) i
  where not listened or changed_at < now() - interval '1 day'
  order by changed_at limit 500`;

function reasonOf({ state, heard, asleep, listened, session_state }: Due): string {
  if (listened) return "The agent gave no sign of it for a day.";
  if (state === "delivered") {
    return "It was handed over, but the session's machine went away before it could tell whether the agent saw it.";
  }
  if (session_state === "finished") return "The session has ended, and nobody is there to read it.";
  if (asleep) return "The session's machine does not answer; it may be asleep.";
  if (heard) return "The session's machine went away and no other is listening.";
  return "No machine is listening for this session.";
}

const HOUSE = "agent:polaris";

/** The server itself, which sees every project of the organisation. */
const houseOf = (org: string): Caller => ({
  org,
  user: "00000000-0000-0000-0000-000000000000",
  participant: HOUSE,
  role: "owner",
  scopes: [],
  kind: "machine",
  token: "expiry",
});
