import { vectorOf } from "../../src/core/terms.ts";
import type { Sql } from "../../src/db/db.ts";
import { uuid7 } from "../../src/lib/uuid.ts";
import type { Random } from "./text.ts";

/** A year of twenty teams' sessions, as search sees it: prompts, answers and commands, in words that follow Zipf's law. */
export interface Corpus {
  org: string;
  projects: { id: string; slug: string }[];
  /** From the most common to the rarest. */
  words: string[];
}

const SYLLABLES =
  "ka lo mi ter con pre ser val ide ent log par que sto che tab fig net ron sel tra vic dex pol gra mon ule ix".split(
    " ",
  );
const NAMES =
  "get set user cart order price item total list page route query token cache store event".split(
    " ",
  );
const PEOPLE = ["user:manu", "user:krishna", "user:priya"];
const VOCABULARY = 60_000;

export function vocabulary(next: Random): string[] {
  const words = new Set<string>("the to a is in and not was it for".split(" "));
  while (words.size < VOCABULARY) {
    let word = "";
    const syllables = 2 + Math.floor(next() * 3);
    for (let n = 0; n < syllables; n++) word += SYLLABLES[Math.floor(next() * SYLLABLES.length)];
    words.add(
      next() < 0.25 ? `${pick(next, NAMES)}${word[0]?.toUpperCase()}${word.slice(1)}` : word,
    );
  }
  return [...words];
}

const pick = <T>(next: Random, list: readonly T[]): T =>
  list[Math.floor(next() * list.length)] as T;

/** Rank r comes up with weight 1/r: the first of 60,000 words is 9 % of all text. */
const zipf = (next: Random, words: readonly string[]): string =>
  words[Math.min(words.length - 1, Math.floor(words.length ** next()) - 1)] ?? "the";

const sentence = (next: Random, words: readonly string[], length: number): string => {
  let text = "";
  for (let n = 0; n < length; n++) text += `${zipf(next, words)} `;
  return text;
};

/** One event in `total`: a prompt, an answer, or a tool's call with a command or a path. */
export function eventText(next: Random, words: readonly string[]) {
  const kind = next();
  if (kind < 0.15) {
    const text = sentence(next, words, 8 + Math.floor(next() * 40));
    return { kind: "user.message", text, tool: null, file: null };
  }
  if (kind < 0.4) {
    const text = sentence(next, words, 15 + Math.floor(next() * 80));
    return { kind: "agent.message", text, tool: null, file: null };
  }
  if (kind < 0.7) {
    const text = `bun test ${zipf(next, words)} --only ${zipf(next, words)}_${zipf(next, words)}`;
    return { kind: "tool.call", text, tool: { name: "Bash", kind: "execute" }, file: null };
  }
  const file = `/home/manu/shop/src/${zipf(next, words)}/${zipf(next, words)}.ts`;
  return { kind: "tool.call", text: file, tool: { name: "Edit", kind: "edit" }, file };
}

/** Writes `count` events and their index straight into the tables. */
export async function fill(sql: Sql, next: Random, count: number): Promise<Corpus> {
  const [{ id: org } = { id: "" }] = await sql<{ id: string }[]>`select id from orgs limit 1`;
  const words = vocabulary(next);
  const projects = Array.from({ length: 20 }, (_, n) => ({ id: uuid7(), slug: `team-${n}` }));
  for (const { id, slug } of projects) {
    await sql`insert into projects (id, org_id, slug, name, created_by, last_seq)
      values (${id}, ${org}, ${slug}, ${slug}, 'user:manu', 0)`;
  }
  const sessions = new Map(
    projects.map(({ id: project }) => [
      project,
      Array.from({ length: 50 }, (_, n) => ({
        id: uuid7(),
        project,
        name: `s-${n}`,
        driver: pick(next, PEOPLE),
      })),
    ]),
  );
  await sql`insert into sessions (id, org_id, project_id, name, agent, driver, branch)
    select id, ${org}::uuid, project, name, 'agent:claude', driver, 'main'
    from jsonb_to_recordset(${JSON.stringify([...sessions.values()].flat())}::text::jsonb) as s(id uuid, project uuid, name text, driver text)`;
  const seqs = new Map<string, number>();
  const start = Date.UTC(2026, 0, 1);
  const STEP = 5000;
  for (let done = 0; done < count; done += STEP) {
    const rows = Array.from({ length: Math.min(STEP, count - done) }, (_, n) => {
      // A few projects have most of it.
      const project = projects[Math.floor(projects.length * next() ** 2)] ?? pick(next, projects);
      const session = pick(next, sessions.get(project.id) ?? []);
      const seq = (seqs.get(project.id) ?? 0) + 1;
      seqs.set(project.id, seq);
      const event = eventText(next, words);
      const sender = event.kind === "user.message" ? session.driver : "agent:claude";
      const more = { sender, driver: session.driver, agents: ["agent:claude"], branch: "main" };
      const at = new Date(start + ((done + n) / count) * 3e10);
      const { tsv } = vectorOf({
        ...event,
        ...more,
        at,
        project: project.id,
        session: session.id,
      });
      return {
        id: uuid7(),
        project: project.id,
        session: session.id,
        seq,
        at,
        tsv,
        sender,
        kind: event.kind,
        text: event.text,
      };
    });
    const json = JSON.stringify(rows);
    await sql`insert into events (org_id, project_id, seq, id, session_id, at, kind, sender, agent, translator, via, text, body)
      select ${org}::uuid, project, seq, id, session, at, kind, sender, 'claude-code', 1, 'transcript', text, '{}'
      from jsonb_to_recordset(${json}::text::jsonb)
        as e(project uuid, seq bigint, id uuid, session uuid, at timestamptz, kind text, sender text, text text)`;
    await sql`insert into event_text (org_id, project_id, seq, session_id, at, tsv)
      select ${org}::uuid, project, seq, session, at, tsv::tsvector
      from jsonb_to_recordset(${json}::text::jsonb)
        as e(project uuid, seq bigint, session uuid, at timestamptz, tsv text)`;
  }
  for (const [id, seq] of seqs) {
    await sql`update projects set last_seq = ${seq} where id = ${id}`;
    await sql`insert into text_cursors (project_id, org_id, seq) values (${id}, ${org}, ${seq})`;
  }
  await sql`insert into words (org_id, word) select ${org}::uuid, lower(word) from unnest(${words}::text[]) word
    where length(word) > 3 on conflict do nothing`;
  return { org, projects, words };
}
