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

function count(query: { get(): { n: number } | null }): number {
  return query.get()?.n ?? 0;
}
