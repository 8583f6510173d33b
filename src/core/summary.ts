import type { Db } from "../db/db.ts";
import type { PullQuery, PullSummary } from "../wire/pull.ts";
import type { Caller } from "./caller.ts";
import { type Source, sources } from "./commits.ts";

/** Found again in the comment, so that it is updated in place. */
export const MARK = "<!-- polaris: sessions behind this pull request -->";

interface Facts {
  goal: string | null;
  prompts: number;
  cost: string;
  waiting: string;
  files: string[];
}

/** What is said in a pull request of the sessions behind it: goal, prompts, files, cost, and where to read on. */
export async function summary(
  db: Db,
  caller: Caller,
  asked: PullQuery,
  publicUrl: string,
): Promise<PullSummary> {
  const found = await sources(db, caller, asked);
  const parts: string[] = [];
  for (const source of found)
    parts.push(section(source, await factsOf(db, caller, source), publicUrl));
  const head = `### Made with ${found.length === 1 ? "a coding-agent session" : `${found.length} coding-agent sessions`}`;
  const markdown = found.length === 0 ? "" : [MARK, head, ...parts].join("\n\n");
  return {
    markdown,
    sessions: found.map(({ project, name, title, commits, by }) => ({
      project,
      name,
      title,
      commits,
      by,
    })),
  };
}

async function factsOf(db: Db, caller: Caller, { id }: Source): Promise<Facts> {
  return db.as(caller.org, async (tx) => {
    const [first] = await tx<{ text: string }[]>`
      select left(e.text, 1000) as text from events e
      where e.session_id = ${id} and e.kind = 'user.message' and e.parent is null and e.text <> ''
        and e.body ->> 'origin' is distinct from 'system' and e.body -> 'command' is null
      order by e.seq limit 1`;
    const [sum] = await tx<{ prompts: string; cost: string; waiting: string }[]>`
      select coalesce(sum(prompts), 0) as prompts, coalesce(sum(cost), 0) as cost,
        coalesce(sum(waiting_ms), 0) as waiting
      from usage_days where session_id = ${id}`;
    const files = await tx<{ name: string }[]>`
      select name from usage_parts where session_id = ${id} and what = 'file'
      group by name order by sum(count) desc, name limit ${FILES + 1}`;
    return {
      goal: first?.text ?? null,
      prompts: Number(sum?.prompts ?? 0),
      cost: Number(sum?.cost ?? 0).toFixed(2),
      waiting: sum?.waiting ?? "0",
      files: files.map(({ name }) => name),
    };
  });
}

const FILES = 12;
const GOAL = 400;

function section(source: Source, facts: Facts, publicUrl: string): string {
  const { project, name, title, driver, agent, model, commits } = source;
  const link = `${publicUrl}/app/p/${encodeURIComponent(project)}/s/${encodeURIComponent(name)}`;
  const who = `${driver ?? "open seat"} → ${agent}${model ? ` (${model})` : ""}`;
  const counts = [
    `${facts.prompts} ${facts.prompts === 1 ? "prompt" : "prompts"}`,
    `${commits} ${commits === 1 ? "commit" : "commits"}`,
    ...(facts.cost === "0.00" ? [] : [`$${facts.cost}`]),
  ];
  const lines = [
    `**[${inert(title ?? `${project}/${name}`)}](${link})** · ${inert(who)} · ${counts.join(", ")}`,
  ];
  if (facts.goal) lines.push(quoted(facts.goal));
  if (facts.files.length > 0) {
    const shown = facts.files.slice(0, FILES).map((file) => `- ${code(file)}`);
    const more = facts.files.length > FILES ? ["- …"] : [];
    lines.push(
      `<details><summary>Files</summary>\n\n${[...shown, ...more].join("\n")}\n\n</details>`,
    );
  }
  return lines.join("\n\n");
}

function quoted(text: string): string {
  const cut = text.length > GOAL ? `${text.slice(0, GOAL)}…` : text;
  return inert(cut)
    .split("\n")
    .map((line) => `> ${line}`)
    .join("\n");
}

/** Text that stays text on GitHub: no markup, nobody called by @, no issue named by #, no address made a link. */
const inert = (text: string): string =>
  text
    .toWellFormed()
    .replaceAll(/[\\`*_{}[\]()<>#+!|~$&-]/g, "\\$&")
    .replaceAll(/[@/:]/g, (sign) => (sign === "@" ? "@\u200b" : sign === ":" ? ":\u200b" : sign));

/** Code on one line, whatever is in it. */
function code(text: string): string {
  const one = text.replaceAll(/\s+/g, " ");
  const longest = Math.max(0, ...(one.match(/`+/g) ?? []).map(({ length }) => length));
  const ticks = "`".repeat(longest + 1);
  return `${ticks} ${one} ${ticks}`;
}
