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
  /** Words one after the other. */
  phrase: Term[];
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

interface Term {
  term: string;
  /** How many places it takes in a text. */
  size: number;
}

/** A name of several parts is looked for as one word, which is rare, rather than as a phrase of common ones. */
function termsOf(text: string): Term[] {
  const terms: Term[] = [];
  let done = 0;
  for (const { term, at, joined = 1 } of wordsOf(text)) {
    if (at <= done) continue;
    if (joined === 1) terms.push({ term, size: 1 });
    else {
      terms[terms.length - 1] = { term, size: joined };
      done = at + joined - 1;
    }
  }
  return terms;
}

/** `a <-> b <3> c`: b takes three places. */
const phraseOf = (terms: readonly Term[], words: readonly string[]): string =>
  words.map((word, at) => (at > 0 ? `<${terms[at - 1]?.size ?? 1}> ${word}` : word)).join(" ");

function filtered(name: string, value: string): string {
  if (name === "file") {
    const terms = termsOf(value);
    const parts = terms.map(({ term }) => quoted(facet.file(term)));
    return parts.length > 0 ? `(${phraseOf(terms, parts)})` : quoted(facet.file(""));
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
    const parts = phrase.map(({ term }, at) => {
      if (not || !open || at < last || reach === "typed") return quoted(term);
      const holders = inside.get(term) ?? [];
      if (holders.length > 0) return `(${[term, ...holders].map(quoted).join(" | ")})`;
      // Not among the words that are kept (an id, a number): few begin alike.
      return reach === "begun" && term.length > 3 ? `${quoted(term)}:*` : quoted(term);
    });
    const words = parts.length > 1 ? `(${phraseOf(phrase, parts)})` : (parts[0] ?? "");
    return not ? `!${words}` : words;
  };
  const any = asked.any.map((clauses) => `(${clauses.map(clause).join(" & ")})`);
  const words = any.length > 1 ? `(${any.join(" | ")})` : any[0];
  return [...(words ? [words] : []), ...asked.facets].join(" & ");
}

/** Words whose end may be missing; below two letters almost every word begins with it. */
export const openWords = ({ any }: Asked): string[] =>
  any.flat().flatMap(({ phrase, not, open }) => {
    const term = phrase.at(-1)?.term;
    return open && !not && term && term.length > 1 ? [term] : [];
  });

/** Whether a word of the text is one that was asked for: what is marked in a hit. */
export function marker({ any }: Asked, reach: Reach): (term: string) => boolean {
  const whole = new Set<string>();
  const begun: string[] = [];
  for (const { phrase, not, open } of any.flat()) {
    if (not) continue;
    for (const [at, { term }] of phrase.entries()) {
      whole.add(term);
      if (open && reach !== "typed" && at === phrase.length - 1) begun.push(term);
    }
  }
  return (term) =>
    whole.has(term) ||
    begun.some((part) => (reach === "inside" ? term.includes(part) : term.startsWith(part)));
}
