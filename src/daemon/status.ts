import type { Accounts } from "./accounts.ts";
import type { Journal } from "./journal.ts";

/** What of the journal goes into `polaris status`. */
export function journalStatus(journal: Journal) {
  const { db } = journal;
  return {
    pending: count(
      db.query<{ n: number }, []>(
        `select (select count(*) from held)
           + (select coalesce(sum(next_pos - 1 - acked), 0) from sessions where next_pos > acked + 1) as n`,
      ),
    ),
    refused: count(
      db.query<{ n: number }, []>("select count(*) as n from events where refused is not null"),
    ),
    mailbox: count(db.query<{ n: number }, []>("select count(*) as n from mailbox")),
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

function count(query: { get(): { n: number } | null }): number {
  return query.get()?.n ?? 0;
}
