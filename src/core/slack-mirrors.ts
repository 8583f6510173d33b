import type { Tx } from "../db/db.ts";
import type { StoredEvent } from "../wire/event.ts";
import type { State } from "../wire/session.ts";
import type { Verbosity } from "../wire/slack-wishes.ts";

/** The open summary of what came late. */
export interface Late {
  key: string;
  prompts: number;
  answers: number;
  tools: number;
  from: string;
  to: string;
}

/** How a session stands in Slack, with what its card shows. */
export interface Mirror {
  session: string;
  name: string;
  label: string | null;
  title: string | null;
  driver: string | null;
  agent: string;
  state: State;
  branch: string | null;
  machine: string | null;
  model: string | null;
  prompts: number;
  tools: number;
  lastPrompt: string | null;
  createdAt: Date;
  verbosity: Verbosity | null;
  card: string | null;
  cardHash: string | null;
  answerSeq: number | null;
  turnTools: number;
  toolsKey: string | null;
  needsKey: string | null;
  failed: boolean;
  late: Late | null;
}

/** The rows of these sessions, made on first sight and locked: one loop at a time tells a project. */
export async function load(
  tx: Tx,
  { org, project }: { org: string; project: string },
  sessions: string[],
): Promise<Map<string, Mirror>> {
  await tx`
    insert into slack_mirrors (session_id, org_id, project_id)
    select s.id, ${org}, ${project} from sessions s where s.id = any(${tx.array(sessions, "UUID")})
    on conflict do nothing`;
  const rows = await tx<(Omit<Mirror, "answerSeq"> & { answerSeq: string | null })[]>`
    select s.id as session, s.name, s.label, s.title, s.driver, s.agent, s.state, s.branch, s.machine, s.model,
      s.prompts, s.tool_calls as tools, s.last_prompt as "lastPrompt", s.created_at as "createdAt", m.verbosity, m.card, m.card_hash as "cardHash",
      m.answer_seq as "answerSeq", m.turn_tools as "turnTools", m.tools_key as "toolsKey",
      m.needs_key as "needsKey", m.failed, m.late
    from slack_mirrors m join sessions s on s.id = m.session_id
    where m.session_id = any(${tx.array(sessions, "UUID")}) order by s.id for update of m`;
  return new Map(
    rows.map((row) => [
      row.session,
      { ...row, answerSeq: row.answerSeq === null ? null : Number(row.answerSeq) },
    ]),
  );
}

export async function save(tx: Tx, mirror: Mirror): Promise<void> {
  await tx`
    update slack_mirrors set card = ${mirror.card}, card_hash = ${mirror.cardHash}, answer_seq = ${mirror.answerSeq},
      turn_tools = ${mirror.turnTools}, tools_key = ${mirror.toolsKey}, needs_key = ${mirror.needsKey},
      failed = ${mirror.failed}, late = ${mirror.late ? JSON.stringify(mirror.late) : null}::text::jsonb
    where session_id = ${mirror.session}`;
}

/** An event of the project by its seq: the answer that waited for the end of its turn. */
export async function eventAt(
  tx: Tx,
  project: string,
  seq: number,
): Promise<Pick<StoredEvent, "id" | "sender" | "text" | "at"> | undefined> {
  const [row] = await tx<{ id: string; sender: string; text: string | null; at: Date }[]>`
    select id, sender, text, at from events where project_id = ${project} and seq = ${seq}`;
  return row && { ...row, text: row.text ?? "", at: row.at.toISOString() };
}

/** What the project has posted in this hour. */
export async function postsIn(tx: Tx, org: string, project: string, at: Date): Promise<number> {
  const slot = slotOf(at);
  await tx`
    insert into slack_hours (project_id, org_id, hour) values (${project}, ${org}, ${slot}) on conflict do nothing`;
  const rows = await tx<{ posts: number }[]>`
    select posts from slack_hours
    where project_id = ${project} and hour >= ${slot}::timestamptz - interval '1 hour' for update`;
  return rows.reduce((sum, { posts }) => sum + posts, 0);
}

export async function addPosts(tx: Tx, project: string, at: Date, posts: number): Promise<void> {
  await tx`
    update slack_hours set posts = posts + ${posts} where project_id = ${project} and hour = ${slotOf(at)}`;
}

/** An hour counted by the clock would let twice as much pass around its turn; one of slots moves with the time. */
const SLOT_MS = 5 * 60_000;
const slotOf = (at: Date): Date => new Date(Math.floor(at.getTime() / SLOT_MS) * SLOT_MS);

/** What was imported in this hour, over all sessions without a card of their own. */
export interface Imported {
  key: string;
  sessions: string[];
  prompts: number;
  answers: number;
  from: string;
  to: string;
}

export async function importedIn(
  tx: Tx,
  project: string,
  hour: Date,
): Promise<Imported | undefined> {
  const [row] = await tx<{ imported: Imported | null }[]>`
    select imported from slack_hours where project_id = ${project} and hour = ${hour}`;
  return row?.imported ?? undefined;
}

export async function noteImported(
  tx: Tx,
  project: string,
  hour: Date,
  imported: Imported,
): Promise<void> {
  await tx`
    insert into slack_hours (project_id, org_id, hour, imported)
    select id, org_id, ${hour}, ${JSON.stringify(imported)}::text::jsonb from projects where id = ${project}
    on conflict (project_id, hour) do update set imported = excluded.imported`;
}

export interface Digest {
  prompts: number;
  answers: number;
  last: string;
}

/** Adds what is not posted by itself to the session's digest of this hour. */
export async function digest(
  tx: Tx,
  wanted: { org: string; session: string; hour: Date; isPrompt: boolean; last: string },
): Promise<Digest> {
  const [prompts, answers] = wanted.isPrompt ? [1, 0] : [0, 1];
  const [row] = await tx<Digest[]>`
    insert into slack_digests as d (session_id, org_id, hour, prompts, answers, last)
    values (${wanted.session}, ${wanted.org}, ${wanted.hour}, ${prompts}, ${answers}, ${wanted.last})
    on conflict (session_id, hour) do update set prompts = d.prompts + excluded.prompts,
      answers = d.answers + excluded.answers, last = excluded.last
    returning prompts, answers, last`;
  return row ?? { prompts, answers, last: wanted.last };
}

/** Who wants to be called when the session needs somebody. */
export async function followers(tx: Tx, session: string): Promise<string[]> {
  const rows = await tx<{ slack_user: string }[]>`
    select slack_user from slack_follows where session_id = ${session} order by slack_user`;
  return rows.map((row) => row.slack_user);
}

export async function isWritten(tx: Tx, org: string, key: string): Promise<boolean> {
  const rows = await tx`
    select 1 from slack_outbox where org_id = ${org} and key = ${key}
    union all select 1 from slack_posts where org_id = ${org} and key = ${key} limit 1`;
  return rows.length > 0;
}
