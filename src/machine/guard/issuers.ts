import { AI } from "./issuers-ai.ts";
import { BUSINESS } from "./issuers-business.ts";
import { CLOUD } from "./issuers-cloud.ts";
import { CODE } from "./issuers-code.ts";
import { runs } from "./runs.ts";
import type { Span } from "./span.ts";

/**
 * What a secret looks like by its issuer's published form: kind, the words it is known by, the whole pattern. No pattern
 * has two unbounded repeats that can match the same characters, so each is linear on hostile input.
 */
export type Row = readonly [kind: string, marks: readonly string[], pattern: string];

interface Issuer {
  kind: string;
  marks: readonly string[];
  pattern: RegExp;
  /** Without a word on what stands around it. */
  loose: RegExp;
}

const ROWS: readonly Row[] = [...AI, ...CODE, ...CLOUD, ...BUSINESS];

export const KINDS: readonly string[] = ROWS.map(([kind]) => kind);

/**
 * Nothing of a word may stand before it, but the letter of an escape may: in JSON inside a string a line end is the two
 * characters \n, a quote may be \u0022.
 */
const START = "(?<!(?<!\\\\|\\\\u[0-9A-Fa-f]{3})[A-Za-z0-9])";

const ISSUERS: readonly Issuer[] = ROWS.map(([kind, marks, pattern]) => ({
  kind,
  marks,
  pattern: new RegExp(START + pattern, "g"),
  loose: new RegExp(pattern.replace(/\(\?![^)]*\)$/, ""), "g"),
}));

const BEGINS = new RegExp(START, "y");

/** Whether a word can begin here. */
export function begins(text: string, at: number): boolean {
  BEGINS.lastIndex = at;
  return BEGINS.test(text);
}

/** Without a word of its own: three parts, of which the first is a user's number in base64. */
const NAMELESS = "[MNO][A-Za-z0-9_-]{23,27}\\.[A-Za-z0-9_-]{6}\\.";

/** A mark stands in a run of at least 16 letters and digits, or shortly before it. */
const SHORTEST = 16;
const BEFORE = 20;

/** All marks in one alternation: what the engine's compiler does best. */
export const MARKS = new RegExp(gate());

function gate(): string {
  const marks = [...new Set(ROWS.flatMap(([, words]) => words))];
  return [...marks.map((word) => word.replaceAll(/[.*+?^${}()|[\]\\/]/g, "\\$&")), NAMELESS].join(
    "|",
  );
}

/**
 * Whether any issuer's secret may stand here. Looks only where a long run of letters and digits is: the alternation
 * alone reads 110 MB/s, the runs are found at 1,000 MB/s, and most texts have few.
 */
export function isMarked(text: string): boolean {
  if (text.includes("MESSAGING_TOKEN")) return true;
  for (const { from, to } of runs(text, SHORTEST)) {
    // Behind it may stand what follows a dot, a dollar, a colon.
    if (MARKS.test(text.slice(Math.max(0, from - BEFORE), to + 8))) return true;
  }
  return false;
}

/** `loose`: lines are joined, so what stands around a secret says nothing. */
export function findIssued(text: string, { loose = false } = {}): Span[] {
  const spans: Span[] = [];
  for (const issuer of ISSUERS) {
    const { kind, marks } = issuer;
    if (marks.length > 0 && !marks.some((mark) => text.includes(mark))) continue;
    for (const match of text.matchAll(loose ? issuer.loose : issuer.pattern)) {
      spans.push({ kind, from: match.index, to: match.index + match[0].length });
    }
  }
  return spans;
}
