import type { Tx } from "../db/db.ts";
import type { Stretch } from "./behind.ts";
import { vectorOf } from "./terms.ts";

/** Kinds whose text people search for; tool output is not indexed. */
export const INDEXED = [
  "user.message",
  "agent.message",
  "tool.call",
  "permission.decision",
  "question.asked",
  "question.answered",
  "session.title",
  "injection.queued",
  "injection.answered",
  "code.commit",
  "error",
  "notice",
];

interface Row {
  seq: string;
  session_id: string;
  at: Date;
  kind: string;
  sender: string;
  text: string;
  source: string;
  agent: string;
  driver: string | null;
  branch: string | null;
  tool: string | null;
  tool_kind: string | null;
  file: string | null;
}

/**
 * Writes a stretch of a project into the index of words. Words that this process has written already are not written
 * again: the vocabulary grows with every session, but slowly.
 */
export function startTexts() {
  const known = new Set<string>();
  let since = Date.now();

  return async function index(tx: Tx, { org, project, from, upTo }: Stretch): Promise<void> {
    const rows = await tx<Row[]>`
      select e.seq, e.session_id, e.at, e.kind, e.sender, left(e.text, 100000) as text, e.agent as source, s.agent,
        s.driver, coalesce(b.branch #>> '{}', s.branch) as branch,
        case when e.kind = 'tool.call' then b.name #>> '{}' end as tool,
        case when e.kind = 'tool.call' then b.kind #>> '{}' end as tool_kind,
        coalesce(b.input ->> 'file_path', b.input ->> 'notebook_path', b.input ->> 'path') as file
      from events e join sessions s on s.id = e.session_id,
        jsonb_to_record(e.body) as b(branch jsonb, name jsonb, kind jsonb, input jsonb)
      where e.project_id = ${project} and e.seq > ${from} and e.seq <= ${upTo}
        and e.kind = any(${INDEXED}) and e.text <> ''`;
    if (rows.length === 0) return;
    const fresh = new Set<string>();
    const items = [];
    for (const [at, row] of rows.entries()) {
      // 2,000 of them take 40 ms, in which nobody else would be heard.
      if (at % TOGETHER === TOGETHER - 1) await Bun.sleep(0);
      const { tsv, words } = vectorOf({
        ...row,
        project,
        session: row.session_id,
        agents: [row.agent, row.source],
        tool: {
          ...(row.tool && { name: row.tool }),
          ...(row.tool_kind && { kind: row.tool_kind }),
        },
      });
      for (const word of words) if (isWord(word) && !known.has(`${org} ${word}`)) fresh.add(word);
      items.push({ seq: row.seq, session: row.session_id, at: row.at.toISOString(), tsv });
    }
    await tx`
      insert into event_text (org_id, project_id, seq, session_id, at, tsv)
      select ${org}::uuid, ${project}::uuid, seq, session, at, tsv::tsvector
      from jsonb_to_recordset(${JSON.stringify(items)}::text::jsonb)
        as i(seq bigint, session uuid, at timestamptz, tsv text)
      on conflict do nothing`;
    if (fresh.size === 0) return;
    // In one order, so that two processes never wait for each other.
    await tx`
      insert into words (org_id, word)
      select ${org}::uuid, word from unnest(${[...fresh].sort()}::text[]) word order by word
      on conflict do nothing`;
    if (known.size > MOST || Date.now() - since > LIFE_MS) {
      known.clear();
      since = Date.now();
    }
    for (const word of fresh) known.add(`${org} ${word}`);
  };
}

/** So many texts are taken apart (1 ms) before others get their turn. */
const TOGETHER = 50;

/** Words remembered as written: about 10 MB. Not for long: words that no text holds any more are taken out. */
const MOST = 100_000;
const LIFE_MS = 600_000;

/** Worth finding by its middle: neither short, nor long, nor a number, nor an id. */
const isWord = (word: string): boolean =>
  word.length > 3 && word.length < 40 && (word.match(/\d/g)?.length ?? 0) < 4;
