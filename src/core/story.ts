/** What a brief is made of, read from a session's events with a fixed number of queries. */
import type { Tx } from "../db/db.ts";
import { within } from "./access.ts";
import type { Caller } from "./caller.ts";

/** Events a brief looks back over; the goal is looked for at the very beginning. */
const BACK = 5_000;
/** A line that a person or the agent marked as a decision: `Decision: …`, `- **Decided:** …`. */
const MARKED = "(^|\\n)[ \\t>*_#-]*(decision|decided|we decided)[ *_]*:";

export interface Said {
  seq: number;
  at: Date;
  sender: string;
  kind: string;
  text: string;
  /** What was open: a question, a permission, advice. */
  what?: string;
}

export interface Story {
  goal: Said | undefined;
  /** The last prompts, oldest first. */
  prompts: Said[];
  decisions: Said[];
  files: { path: string; times: number; seq: number }[];
  open: Said[];
  todos: { seq: number; items: string[] } | undefined;
  answer: Said | undefined;
  error: Said | undefined;
  upTo: number;
}

interface Row {
  seq: string;
  at: Date;
  sender: string;
  kind: string;
  text: string | null;
  what?: string;
}

const saidOf = ({ seq, at, sender, kind, text, what }: Row): Said => ({
  seq: Number(seq),
  at,
  sender,
  kind,
  text: text ?? "",
  ...(what ? { what } : {}),
});

export async function storyOf(
  tx: Tx,
  caller: Caller,
  place: { project: { id: string }; session: { id: string; lastSeq: number } },
): Promise<Story> {
  const { id: project } = place.project;
  const { id: session, lastSeq } = place.session;
  const own = tx`e.session_id = ${session} and e.parent is null and ${within(tx, caller, project)}`;
  const said = tx`e.seq, e.at, e.sender, e.kind, left(e.text, 20000) as text`;
  // In its latest words.
  const advised = tx`e.seq, e.at, e.sender, e.kind, left(coalesce(i.text, e.text), 20000) as text`;
  const typed = tx`e.kind = 'user.message' and e.text <> ''
    and coalesce(e.body->>'origin', 'user') = 'user'
    and not (e.body ? 'command') and not (e.body ? 'bash')`;
  const [floor] = await tx<{ seq: string }[]>`
    select coalesce(min(seq), 0) as seq from (
      select seq from events e where ${own} order by seq desc limit ${BACK}) last`;
  const late = tx`${own} and e.seq >= ${floor?.seq ?? 0}::bigint`;

  const [goal] = await tx<Row[]>`
    select ${said} from events e where ${own} and ${typed} order by e.seq limit 1`;
  const prompts = await tx<Row[]>`
    select ${said} from events e where ${late} and ${typed} order by e.seq desc limit 8`;
  const decisions = await tx<Row[]>`
    select ${advised} from events e
    left join injections i on e.kind = 'injection.queued' and i.project_id = e.project_id and i.id = e.id
    where ${late} and i.state is distinct from 'recalled'
      and (e.kind in ('user.message', 'agent.message', 'injection.queued') and coalesce(i.text, e.text) ~* ${MARKED}
        or e.kind = 'question.answered' and e.text <> '')
    order by e.seq desc limit 40`;
  const files = await tx<{ path: string; times: number; seq: string }[]>`
    select path, count(*)::int as times, max(seq) as seq from (
      select e.seq, coalesce(e.body->'input'->>'file_path', e.body->'input'->>'notebook_path',
        e.body->'input'->>'path', e.text) as path
      from events e where e.session_id = ${session} and e.seq >= ${floor?.seq ?? 0}::bigint
        and e.kind = 'tool.call' and e.body->>'kind' in ('edit', 'delete', 'move')
        and ${within(tx, caller, project)}) touched
    where path <> '' group by path order by max(seq) desc limit 60`;
  const open = await tx<Row[]>`
    select ${said}, 'question' as what from events e where ${late} and e.kind = 'question.asked'
      and not exists (select from events a where a.session_id = e.session_id and a.seq > e.seq
        and a.kind = 'question.answered' and a.body->>'callId' = e.body->>'callId')
    union all
    select ${said}, 'permission' as what from events e where ${late} and e.kind = 'permission.request'
      and not exists (select from events a where a.session_id = e.session_id and a.seq > e.seq
        and a.kind in ('tool.result', 'permission.decision', 'turn.end', 'session.end'))
    union all
    select ${advised}, 'advice' as what from events e
      join injections i on i.project_id = e.project_id and i.id = e.id
      where ${late} and e.kind = 'injection.queued' and i.state in ('queued', 'delivered', 'seen')
    order by 1 desc limit 20`;
  const [todos] = await tx<{ seq: string; items: string[] | null }[]>`
    select e.seq, (select array_agg(t->>'content' order by n)
        from jsonb_array_elements(e.body->'input'->'todos') with ordinality as l(t, n)
        where t->>'status' is distinct from 'completed') as items
    from events e where ${late} and e.kind = 'tool.call' and e.body->>'name' = 'TodoWrite'
      and jsonb_typeof(e.body->'input'->'todos') = 'array'
    order by e.seq desc limit 1`;
  const [answer] = await tx<Row[]>`
    select ${said} from events e where ${late} and e.kind = 'agent.message' and e.text <> ''
    order by e.seq desc limit 1`;
  const [error] = await tx<Row[]>`
    select ${said} from events e where ${late} and e.kind = 'error' and e.text <> ''
      and not exists (select from events a where a.session_id = e.session_id and a.seq > e.seq
        and a.kind = 'agent.message')
    order by e.seq desc limit 1`;
  return {
    goal: goal && saidOf(goal),
    prompts: prompts.map(saidOf).reverse(),
    decisions: decisions.map(saidOf).reverse(),
    files: files.map(({ path, times, seq }) => ({ path, times, seq: Number(seq) })),
    open: open.map(saidOf).reverse(),
    todos: todos?.items ? { seq: Number(todos.seq), items: todos.items } : undefined,
    answer: answer && saidOf(answer),
    error: error && saidOf(error),
    upTo: lastSeq,
  };
}

/** The marked lines of a text; what is no text of words stands for itself. */
export function decisionsOf({ kind, text }: Said): string[] {
  if (kind === "question.answered") return [text];
  const marked = new RegExp(MARKED.replace("(^|\\n)", "^"), "i");
  return text.split("\n").flatMap((line) => {
    const found = marked.exec(line);
    return found ? [line.slice(found[0].length).replace(/^[\s*_]+/, "")] : [];
  });
}
