import { wordsOf } from "../lib/words.ts";
import { facet, quoted } from "./terms.ts";

/**
 * What somebody typed, as a question to the index: words (all of them), "a phrase", -not, or; and filters, each also in
 * words: kind:error tool:bash file:src/search.ts from:priya agent:claude branch:main.
 */
export interface Asked {
  /** Alternatives; in each, everything must hold. */
  any: Clause[][];
  facets: string[];
}

interface Clause {
  /** Words one after the other; joined: also as one (`getUserName`, in a text `getusername`). */
  phrase: string[];
  not: boolean;
  /** Typed as one bare word: its end may be missing. */
  open: boolean;
}

export interface Filters {
  kind?: string | undefined;
  tool?: string | undefined;
  file?: string | undefined;
  from?: string | undefined;
  agent?: string | undefined;
  branch?: string | undefined;
}

export const FILTERS = ["kind", "tool", "file", "from", "agent", "branch"] as const;

const TOKEN = /(-?)(?:(kind|tool|file|from|agent|branch):)?(?:"([^"]*)"?|(\S+))/giu;

export function read(typed: string, filters: Filters = {}): Asked {
  const asked: Asked = { any: [[]], facets: [] };
  for (const name of FILTERS) {
    const value = filters[name];
    if (value) asked.facets.push(filtered(name, value));
  }
  for (const [whole, minus, name, phrase, word = ""] of typed.matchAll(TOKEN)) {
    if (name) {
      const value = phrase ?? word;
      if (value) asked.facets.push(`${minus ? "!" : ""}(${filtered(name.toLowerCase(), value)})`);
      continue;
    }
    if (/^or$/i.test(whole)) {
      asked.any.push([]);
      continue;
    }
    const parts = termsOf(phrase ?? word);
    if (parts.length === 0) continue;
    const open = phrase === undefined;
    asked.any.at(-1)?.push({ phrase: parts, not: minus === "-", open });
  }
  asked.any = asked.any.filter((clauses) => clauses.length > 0);
  return asked;
}

const termsOf = (text: string): string[] =>
  [...wordsOf(text)].filter(({ joined }) => !joined).map(({ term }) => term);

function filtered(name: string, value: string): string {
  if (name === "file") {
    const parts = termsOf(value).map((term) => quoted(facet.file(term)));
    return parts.length > 0 ? `(${parts.join(" <-> ")})` : quoted(facet.file(""));
  }
  if (name === "kind") return quoted(facet.kind(value));
  if (name === "tool") return quoted(facet.tool(value));
  if (name === "branch") return quoted(facet.branch(value));
  const as = name === "agent" ? facet.agent : facet.who;
  const names = value.includes(":")
    ? [value]
    : [value, ...["user", "agent", "slack"].map((kind) => `${kind}:${value}`)];
  return `(${names.map((each) => quoted(as(each))).join(" | ")})`;
}

/** How far a word's end, or its whole inside, may be missing: as typed; begun; held inside other words. */
export type Reach = "typed" | "begun" | "inside";

/** The tsquery; empty when nothing is asked. `inside` gives, for each open word, the words that hold it. */
export function queryOf(
  asked: Asked,
  reach: Reach = "typed",
  inside: ReadonlyMap<string, string[]> = new Map(),
): string {
  const clause = ({ phrase, not, open }: Clause): string => {
    const last = phrase.length - 1;
    const parts = phrase.map((term, at) => {
      if (not || !open || at < last || reach === "typed") return quoted(term);
      const holders = reach === "inside" ? (inside.get(term) ?? []) : [];
      return holders.length > 0
        ? `(${[term, ...holders].map(quoted).join(" | ")})`
        : `${quoted(term)}:*`;
    });
    const words = parts.length > 1 ? `(${parts.join(" <-> ")})` : (parts[0] ?? "");
    return not ? `!${words}` : words;
  };
  const any = asked.any.map((clauses) => `(${clauses.map(clause).join(" & ")})`);
  const words = any.length > 1 ? `(${any.join(" | ")})` : any[0];
  return [...(words ? [words] : []), ...asked.facets].join(" & ");
}

/** Words whose end may be missing; below two letters almost every word begins with it. */
export const openWords = ({ any }: Asked): string[] =>
  any.flat().flatMap(({ phrase, not, open }) => {
    const term = phrase.at(-1);
    return open && !not && term && term.length > 1 ? [term] : [];
  });

/** Whether a word of the text is one that was asked for: what is marked in a hit. */
export function marker({ any }: Asked, reach: Reach): (term: string) => boolean {
  const whole = new Set<string>();
  const begun: string[] = [];
  for (const { phrase, not, open } of any.flat()) {
    if (not) continue;
    for (const [at, term] of phrase.entries()) {
      whole.add(term);
      if (open && reach !== "typed" && at === phrase.length - 1) begun.push(term);
    }
  }
  return (term) =>
    whole.has(term) ||
    begun.some((part) => (reach === "inside" ? term.includes(part) : term.startsWith(part)));
}
