import type { Db } from "../db/db.ts";
import { plain } from "../lib/words.ts";
import type { Attention, AttentionAnswer } from "../wire/attention.ts";
import { visible } from "./access.ts";
import type { Caller } from "./caller.ts";
import { facet, quoted } from "./terms.ts";

/** The index of words is two seconds behind at most: what came meanwhile is asked for once more, and known by its path. */
const BEHIND_MS = 5000;
const LONGEST_MS = 3_600_000;
const MOST = 20;

/** What waits for the caller or names them since then: sessions they drive that need a human, and `@them` in words. */
export async function attention(db: Db, caller: Caller, since: Date): Promise<AttentionAnswer> {
  const now = new Date();
  const from = new Date(Math.max(since.getTime(), now.getTime() - LONGEST_MS) - BEHIND_MS);
  const name = caller.participant.slice(caller.participant.indexOf(":") + 1);
  const kinds = ["user.message", "agent.message", "injection.queued"].map((kind) =>
    quoted(facet.kind(kind)),
  );
  const parts = plain(name)
    .split(/[^\p{L}\p{N}]+/u)
    .filter(Boolean)
    .map(quoted);
  const query = `(${parts.join(" <-> ")}) & (${kinds.join(" | ")})`;
  return db.as(caller.org, async (tx) => {
    const waiting = await tx<Row[]>`
      select 'needs_human' as kind, p.slug, s.name, s.title, s.last_event_at as at, s.last_seq as seq,
        coalesce(s.last_prompt, '') as text
      from sessions s join projects p on p.id = s.project_id
      where p.archived_at is null and ${visible(tx, caller)} and s.state = 'needs_human'
        and s.driver = ${caller.participant} and s.last_event_at > ${from}
      order by s.last_event_at desc limit ${MOST}`;
    const named = await tx<Row[]>`
      with mine as materialized (
        select array_agg(p.id) as ids from projects p where p.archived_at is null and ${visible(tx, caller)}
      )
      select 'mention' as kind, p.slug, s.name, s.title, e.at, e.seq, left(e.text, 300) as text
      from mine, find_recent(${query}::text::tsquery, mine.ids, null, ${from}::timestamptz, null, null, null, null,
        ${MOST}::int, 4000) f
      join projects p on p.id = f.project_id and ${visible(tx, caller)}
      join events e on e.project_id = f.project_id and e.seq = f.seq
      join sessions s on s.id = e.session_id
      where e.sender <> ${caller.participant} and lower(e.text) like ${`%@${likely(name)}%`}`;
    const items = [...waiting, ...named].map(itemOf);
    return { items, now: now.toISOString() };
  });
}

interface Row {
  kind: Attention["kind"];
  slug: string;
  name: string;
  title: string | null;
  at: Date;
  seq: string;
  text: string;
}

const itemOf = ({ kind, slug, name, title, at, seq, text }: Row): Attention => ({
  kind,
  project: slug,
  session: name,
  title,
  at: at.toISOString(),
  text: text.replaceAll(/\s+/g, " ").slice(0, 200).toWellFormed(),
  path: `/app/p/${encodeURIComponent(slug)}/s/${encodeURIComponent(name)}#e-${Number(seq)}`,
});

/** A name inside a LIKE. */
const likely = (name: string): string => name.replaceAll(/[\\%_]/g, "\\$&");
