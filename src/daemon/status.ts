import type { Line, Unknown } from "../wire/local.ts";
import type { Accounts } from "./accounts.ts";
import { bindingOf } from "./bindings.ts";
import type { Journal } from "./journal.ts";
import { sessionOf } from "./sessions.ts";
import type { Uplinks } from "./uplinks.ts";

/** What of the journal goes into `polaris status`. */
export function journalStatus(journal: Journal) {
  const { db } = journal;
  return {
    pending: pending(journal),
    refused: count(
      db.query<{ n: number }, []>("select count(*) as n from events where refused is not null"),
    ),
    refusals: db
      .query<{ reason: string; count: number }, []>(
        `select refused as reason, count(*) as count from events where refused is not null
         group by refused order by count desc limit 5`,
      )
      .all(),
    mailbox: count(
      db.query<{ n: number }, []>(
        "select count(*) as n from advice where state in ('waiting', 'handing')",
      ),
    ),
    bytes: journal.bytes(),
    error: journal.error ?? (journal.setAside ? `damaged, set aside: ${journal.setAside}` : null),
  };
}

/** Events of organisations this machine is signed in to no longer, or not yet. */
export function elsewhere({ db }: Pick<Journal, "db">, accounts: Accounts): number {
  return db
    .query<{ profile: string | null; org: string | null; waiting: number }, []>(
      `select profile, org, sum(next_pos - 1 - acked) as waiting from sessions
       where next_pos > acked + 1 group by profile, org`,
    )
    .all()
    .filter((place) => !accounts.of(place))
    .reduce((sum, { waiting }) => sum + waiting, 0);
}

/** What hooks said and waits here, and what the server has not acknowledged. */
export function pending({ db }: Pick<Journal, "db">): number {
  return count(
    db.query<{ n: number }, []>(
      `select (select count(*) from held)
         + (select coalesce(sum(next_pos - 1 - acked), 0) from sessions where next_pos > acked + 1) as n`,
    ),
  );
}

interface Known {
  journal: Journal;
  accounts: Accounts;
  uplinks: Pick<Uplinks, "state" | "stateOf">;
  update: string | null;
}

/**
 * Asked several times a minute by every open agent session: three small queries and nothing else. A recorded session
 * is told by the sign-in that sends it, whichever is current.
 */
export function statusLine(agentSession: string, known: Known): Line {
  const { journal, accounts, uplinks, update } = known;
  const bound = bindingOf(journal.db, agentSession);
  const session =
    bound && bound.state !== "left" ? sessionOf(journal.db, bound.session) : undefined;
  const { state } = session ? uplinks.stateOf(accounts.of(session)?.name) : uplinks.state;
  return {
    session: session ? { project: session.project, name: session.name } : null,
    who: session ? (session.driver ?? accounts.home(session).driver) : null,
    server: state,
    pending: pending(journal),
    update,
  };
}

/** Looks at the latest events only: the journal may hold gigabytes, and older ones say nothing about today's format. */
export function unknown({ db }: Pick<Journal, "db">): Unknown[] {
  return db
    .query<{ type: string | null; count: number; at: number }, []>(
      `select json_extract(json, '$.body.type') as type, count(*) as count, max(at) as at
       from (select kind, at, json from events order by n desc limit 5000)
       where kind = 'other' group by 1 order by 2 desc limit 20`,
    )
    .all()
    .map(({ type, count, at }) => ({
      type: type ?? "(no type)",
      count,
      at: new Date(at).toISOString(),
    }));
}

function count(query: { get(): { n: number } | null }): number {
  return query.get()?.n ?? 0;
}
