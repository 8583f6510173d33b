import type { Db, Tx } from "../db/db.ts";
import { PolarisError } from "../wire/error.ts";
import { type Found, type Hit, type HitSession, Search } from "../wire/search.ts";
import { isMember, seen, visible } from "./access.ts";
import type { Caller } from "./caller.ts";
import { cursorOf, readCursor } from "./cursor.ts";
import { momentOf } from "./days.ts";
import { input } from "./input.ts";
import { passageOf } from "./passage.ts";
import * as projects from "./projects.ts";
import * as sessions from "./sessions.ts";
import { type Asked, marker, openWords, queryOf, type Reach, read } from "./words.ts";

/**
 * Events that hold these words, newest first, in all projects the caller may see or in one. Looked for as typed; a first
 * page that stays short is looked for again with words that are only begun (`migr` finds migrations), and then with
 * words that hold them somewhere (`grat`). The cursor keeps to what the first page did.
 */
export async function search(db: Db, caller: Caller, wanted: Search): Promise<Found> {
  const asked = input(Search, wanted);
  const question = read(asked.q, asked);
  if (queryOf(question) === "") {
    throw new PolarisError("invalid_input", "There is nothing to search for.", {
      hint: 'Give words (q: "a phrase", -not, or) or a filter: project, kind, tool, file, from, agent, branch.',
    });
  }
  const project = asked.project ? await projects.get(db, caller, asked.project) : undefined;
  const session =
    project && asked.session
      ? await sessions.get(db, caller, project.slug, asked.session)
      : undefined;
  const place: Place = {
    project: project?.id,
    session: session?.id,
    from: momentOf(asked.since, "begin"),
    until: momentOf(asked.until, "end"),
    limit: asked.limit,
  };
  return db.as(caller.org, async (tx) => {
    if (asked.cursor) {
      const [reach = "", at = "", inProject = "", seq = ""] = readCursor(asked.cursor, 4);
      const after = { at, project: inProject, seq };
      return answer(tx, caller, { ...place, after }, question, reachOf(reach));
    }
    const typed = await answer(tx, caller, place, question, "typed");
    if (typed.items.length >= asked.limit || openWords(question).length === 0) return typed;
    const begun = await answer(tx, caller, place, question, "begun");
    if (begun.items.length > 0) return begun;
    return answer(tx, caller, place, question, "inside");
  });
}

interface Place {
  project: string | undefined;
  session: string | undefined;
  from: Date | undefined;
  until: Date | undefined;
  limit: number;
  after?: { at: string; project: string; seq: string };
}

function reachOf(value: string): Reach {
  if (value === "typed" || value === "begun" || value === "inside") return value;
  throw new PolarisError("invalid_cursor", "This cursor is not from here.");
}

interface Row {
  project_id: string;
  seq: string;
  sort: string;
  at: Date;
  kind: string;
  sender: string;
  text: string | null;
  tool: string | null;
  slug: string;
  visibility: "org" | "private";
  member: boolean;
  session_name: string;
  title: string | null;
  driver: string | null;
  agent: string;
  branch: string | null;
  state: string;
}

async function answer(
  tx: Tx,
  caller: Caller,
  place: Place,
  question: Asked,
  reach: Reach,
): Promise<Found> {
  const query = queryOf(question, reach, await holders(tx, question, reach));
  // Read back from the newest; what is not found there is rare, and the index over words finds it.
  const recent = await rowsOf(tx, caller, place, query, false);
  const rows = recent.length > place.limit ? recent : await rowsOf(tx, caller, place, query, true);
  const shown = rows.slice(0, place.limit);
  const isMarked = marker(question, reach);
  const items = shown.map((row) => hitOf(row, isMarked));
  for (const [, row] of new Map(shown.map((row) => [row.slug, row]))) await seen(tx, caller, row);
  const last = shown.at(-1);
  const next =
    rows.length > place.limit && last
      ? cursorOf(reach, last.sort, last.project_id, last.seq)
      : null;
  return { items, sessions: sessionsOf(shown), next };
}

/** At most this many words stand in for a part of one. */
const HOLDERS = 40;

async function holders(tx: Tx, question: Asked, reach: Reach): Promise<Map<string, string[]>> {
  const found = new Map<string, string[]>();
  if (reach !== "inside") return found;
  for (const part of openWords(question)) {
    if (part.length < 3) continue;
    const rows = await tx<{ word: string }[]>`
      select find_words(${part}, ${HOLDERS}) as word`;
    found.set(
      part,
      rows.map(({ word }) => word),
    );
  }
  return found;
}

/** The caller's access is the list of projects the index is asked about, and once more a condition of the join. */
function rowsOf(tx: Tx, caller: Caller, place: Place, query: string, deep: boolean) {
  const { project, session = null, from = null, until = null, after, limit } = place;
  const find = deep ? tx`find_deep` : tx`find_recent`;
  return tx<Row[]>`
    with mine as materialized (
      select array_agg(p.id) as ids from projects p
      where p.archived_at is null and ${visible(tx, caller)} ${project ? tx`and p.id = ${project}` : tx``}
    )
    select f.project_id, f.seq,
      to_char(f.at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as sort,
      e.at, e.kind, e.sender, left(e.text, 100000) as text,
      case when e.kind = 'tool.call' then e.body ->> 'name' end as tool,
      p.slug, p.visibility, ${isMember(tx, caller)} as member,
      s.name as session_name, s.title, s.driver, s.agent, s.branch, s.state
    from mine, ${find}(${query}::text::tsquery, mine.ids, ${session}::uuid, ${from}::timestamptz,
      ${until}::timestamptz, ${after?.at ?? null}::text::timestamptz, ${after?.project ?? null}::uuid,
      ${after?.seq ?? null}::text::bigint, ${limit + 1}) f
    join projects p on p.id = f.project_id and p.archived_at is null and ${visible(tx, caller)}
    join events e on e.project_id = f.project_id and e.seq = f.seq
    join sessions s on s.id = e.session_id
    order by f.at desc, f.project_id desc, f.seq desc`;
}

function hitOf(row: Row, isMarked: (term: string) => boolean): Hit {
  return {
    project: row.slug,
    session: row.session_name,
    seq: Number(row.seq),
    at: row.at.toISOString(),
    kind: row.kind,
    sender: row.sender,
    ...(row.tool ? { tool: row.tool } : {}),
    ...passageOf(row.text ?? "", isMarked),
  };
}

function sessionsOf(rows: Row[]): HitSession[] {
  const bySession = new Map<string, HitSession>();
  for (const row of rows) {
    const { slug: project, session_name: name, title, driver, agent, branch, state } = row;
    const key = `${project}/${name}`;
    const known = bySession.get(key);
    if (known) known.hits++;
    else bySession.set(key, { project, name, title, driver, agent, branch, state, hits: 1 });
  }
  return [...bySession.values()];
}
