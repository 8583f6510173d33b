import { wordsOf } from "../lib/words.ts";

/**
 * What the index holds of an event: its words with their places, and its facets. A facet is a word that no text can
 * hold (it has a sign in it): `k:` kind, `t:` tool and kind of tool, `w:` whose (who said it, and who drives the
 * session), `a:` agent, `b:` branch, `y:` week; `p:`, `s:` where it is. A path that a tool works on is a phrase of its parts: f/src f/core f/search f/ts.
 */
export interface Indexable {
  project: string;
  session: string;
  at: Date;
  kind: string;
  text: string | null;
  sender: string;
  driver: string | null;
  /** `agent:claude`, and the program that speaks: `claude-code`. */
  agents: string[];
  branch: string | null;
  tool: { name?: string; kind?: string } | null;
  file: string | null;
}

/** A tsvector holds 1 MB; 100,000 characters of one text stay below it. */
const LONGEST = 100_000;
/** The last place a tsvector knows; and the last count of one word. */
const LAST = 16_383;
const MOST = 200;

export const WEEK_MS = 7 * 86_400_000;

export const facet = {
  kind: (kind: string) => `k:${kind}`,
  tool: (tool: string) => `t:${tool.toLowerCase()}`,
  who: (participant: string) => `w:${participant.toLowerCase()}`,
  agent: (agent: string) => `a:${agent.toLowerCase()}`,
  branch: (branch: string) => `b:${branch}`,
  file: (part: string) => `f/${part}`,
  project: (id: string) => `p:${id.slice(-12)}`,
  session: (id: string) => `s:${id.slice(-12)}`,
  week: (at: Date) => `y:${Math.floor(at.getTime() / WEEK_MS)}`,
};

/** The row's tsvector as text, and the plain words in it. */
export function vectorOf(event: Indexable): { tsv: string; words: string[] } {
  const places = new Map<string, number[]>();
  let base = 0;
  const put = (term: string, at: number) => {
    if (at > LAST) return;
    const list = places.get(term);
    if (!list) places.set(term, [at]);
    else if (list.length < MOST && list.at(-1) !== at) list.push(at);
  };
  if (event.file) {
    for (const { term, at } of wordsOf(event.file.slice(-500))) {
      put(facet.file(term), at);
      base = Math.max(base, at);
    }
    base++; // a phrase does not go on from the path into the text
  }
  const words = new Set<string>();
  for (const { term, at } of wordsOf(event.text?.slice(0, LONGEST) ?? "")) {
    put(term, base + at);
    words.add(term);
  }
  const parts = [...places].map(([term, list]) => `${quoted(term)}:${list.join(",")}`);
  for (const name of facetsOf(event)) parts.push(quoted(name));
  return { tsv: parts.join(" "), words: [...words] };
}

function facetsOf(event: Indexable): Set<string> {
  const { at, kind, sender, driver, agents, branch, tool } = event;
  const names = [
    facet.project(event.project),
    facet.session(event.session),
    facet.week(at),
    facet.kind(kind),
    facet.who(sender),
    ...agents.map(facet.agent),
  ];
  if (driver) names.push(facet.who(driver));
  if (branch) names.push(facet.branch(branch));
  if (tool?.name) names.push(facet.tool(tool.name));
  if (tool?.kind) names.push(facet.tool(tool.kind));
  return new Set(names);
}

/** A word as PostgreSQL reads it in a tsvector or tsquery. */
export const quoted = (term: string): string =>
  `'${term.slice(0, 500).replaceAll("\\", "\\\\").replaceAll("'", "''")}'`;
