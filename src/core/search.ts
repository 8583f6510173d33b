import type { Db, Tx } from "../db/db.ts";
import type { Face } from "../wire/agent.ts";
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
import { facet, quoted, WEEK_MS } from "./terms.ts";
import { type Asked, marker, openWords, queryOf, type Reach, read } from "./words.ts";

/**
 * Events that hold these words, newest first, in all projects the caller may see or in one. Looked for as typed; a
 * search that finds little is looked for again with words that are only begun (`migr` finds migrations), and then with
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
    const enough = Math.min(asked.limit, ENOUGH);
    if (typed.items.length >= enough || openWords(question).length === 0) return typed;
    const begun = await answer(tx, caller, place, question, "begun");
    if (begun.items.length > 0) return begun;
    return answer(tx, caller, place, question, "inside");
  });
}

/** So many hits of the words as typed, and nobody looks for words they may have meant. */
const ENOUGH = 10;

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
  agent_face: Face | null;
  driver_face: Face | null;
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
  const held = reach === "typed" ? new Map<string, string[]>() : await holders(tx, question, reach);
  if (reach === "inside" && held.size === 0) return NOTHING;
  const rows = await newest(tx, caller, place, queryOf(question, reach, held));
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

const NOTHING: Found = { items: [], sessions: [], next: null };

/** At most this many words stand in for a part of one. */
const HOLDERS = 40;

/** For words whose rest may be missing, the words that could be meant. */
async function holders(tx: Tx, question: Asked, reach: Reach): Promise<Map<string, string[]>> {
  const found = new Map<string, string[]>();
  for (const part of openWords(question)) {
    if (reach === "inside" && part.length < 3) continue;
    const rows = await tx<{ word: string }[]>`
      select find_words(${part}, ${reach === "inside"}, ${HOLDERS}) as word`;
    if (rows.length > 0) {
      found.set(
        part,
        rows.map(({ word }) => word),
      );
    }
  }
  return found;
}

/**
 * Reads back from the newest: 1,000 rows, 2 µs each. What they do not fill a page with is looked for in the index over
 * words, 5 µs a hit before they are sorted: in as many weeks as their hits say a page takes, then in four times as many,
 * then in all. Without weeks a word that one in a hundred events holds took 60 ms at a million.
 */
async function newest(tx: Tx, caller: Caller, place: Place, query: string): Promise<Row[]> {
  const wanted = place.limit + 1;
  const first = await rowsOf(tx, caller, place, query, WINDOW);
  const [top, end] = [first[0], first.at(-1)];
  const scope = scopeOf(place);
  if (first.length >= wanted) return first;
  if (!top || !end) return rowsOf(tx, caller, place, `(${query})${scope}`);
  const start = place.after ? Date.parse(place.after.at) : top.at.getTime();
  const each = (start - end.at.getTime()) / first.length;
  for (const spare of [1.5, 6]) {
    const weeks = Math.ceil((each * wanted * spare) / WEEK_MS) + 1;
    if (weeks > MOST_WEEKS) break;
    const some = Array.from({ length: weeks }, (_, n) =>
      quoted(facet.week(new Date(start - n * WEEK_MS))),
    );
    const rows = await rowsOf(tx, caller, place, `(${query})${scope} & (${some.join(" | ")})`);
    if (rows.length >= wanted) return rows;
  }
  return rowsOf(tx, caller, place, `(${query})${scope}`);
}
const WINDOW = 1000;
const MOST_WEEKS = 60;

/**
 * Where it is, as a word: of an organisation none, because a word that every row holds costs 5 ms at a million, and the
 * rows say it themselves.
 */
function scopeOf({ project, session }: Place): string {
  if (session) return ` & ${quoted(facet.session(session))}`;
  return project ? ` & ${quoted(facet.project(project))}` : "";
}

/** The caller's access is the list of projects the index is asked about, and once more a condition of the join. */
function rowsOf(tx: Tx, caller: Caller, place: Place, query: string, window?: number) {
  const { project, session = null, from = null, until = null, after, limit } = place;
  const find = window ? tx`find_recent` : tx`find_deep`;
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
      s.name as session_name, s.title, s.driver, s.agent, s.branch, s.state,
      ${sessions.faces(tx)}
    from mine, ${find}(${query}::text::tsquery, mine.ids, ${session}::uuid, ${from}::timestamptz,
      ${until}::timestamptz, ${after?.at ?? null}::text::timestamptz, ${after?.project ?? null}::uuid,
      ${after?.seq ?? null}::text::bigint, ${limit + 1}${window ? tx`, ${window}` : tx``}) f
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
    else {
      bySession.set(key, {
        ...{ project, name, title, driver, agent, branch, state, hits: 1 },
        ...(row.agent_face ? { agentFace: row.agent_face } : {}),
        ...(row.driver_face ? { driverFace: row.driver_face } : {}),
      });
    }
  }
  return [...bySession.values()];
}
