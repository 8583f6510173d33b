import { startEngine } from "./engine.ts";
import { findHeaders } from "./headers.ts";
import { begins, findIssued, isMarked, MARKS } from "./issuers.ts";
import { findNamed } from "./named.ts";
import { findKeys } from "./pem.ts";
import { findRuns } from "./runs.ts";
import { merge, type Span } from "./span.ts";
import { Unchecked } from "./unchecked.ts";
import { back, views } from "./views.ts";

/** Base64 in base64 in base64: nobody goes further. */
const DEPTH = 3;

/** What a team and a project add to what everybody's secrets look like. */
export interface Extra {
  /** Values that are secrets because they are known to be: what `.env` files hold. */
  known: readonly { kind: string; value: string }[];
  patterns: readonly { kind: string; pattern: RegExp }[];
  /** Whether a found value may stay. */
  allowed: (value: string) => boolean;
}

export const NOTHING: Extra = { known: [], patterns: [], allowed: () => false };

export interface How {
  entropy?: boolean;
  /** When nobody waits any longer (by `performance.now()`): then `Unchecked` is thrown. */
  until?: number;
}

export type Scanner = (text: string, extra?: Extra, how?: How) => Span[];

/** Finds every secret in one text. Linear in its length, whatever it holds. */
export function startScanner(): Scanner {
  const engine = startEngine();

  function scan(
    text: string,
    extra: Extra,
    { entropy = true, until = Number.POSITIVE_INFINITY }: How,
    depth: number,
  ): Span[] {
    if (text.length < 6) return [];
    if (performance.now() > until) throw new Unchecked("not read in time");
    const spans: Span[] = [];
    for (const { kind, value } of extra.known) {
      for (let at = text.indexOf(value); at >= 0; at = text.indexOf(value, at + value.length)) {
        spans.push({ kind, from: at, to: at + value.length });
      }
    }
    for (const { kind, pattern } of extra.patterns) {
      for (const match of text.matchAll(pattern)) {
        if (match[0] !== "")
          spans.push({ kind, from: match.index, to: match.index + match[0].length });
      }
    }
    add(spans, findKeys(text));
    if (isMarked(text)) {
      add(spans, findIssued(text));
      add(spans, without(engine(text, MARKS), spans));
    }
    add(spans, findHeaders(text));
    add(spans, findNamed(text));
    const inside = (decoded: string) => {
      if (/^[^\s:]{1,64}:[^\s:/]{8,128}$/.test(decoded)) return "password";
      return depth < DEPTH
        ? scan(decoded, extra, { entropy: false, until }, depth + 1)[0]?.kind
        : undefined;
    };
    add(spans, findRuns(text, { entropy, inside }));
    if (depth === 0 && performance.now() > until) throw new Unchecked("not read in time");
    if (depth === 0) broken(text, spans, inside);
    return spans.filter(({ from, to }) => !extra.allowed(text.slice(from, to)));
  }

  function broken(text: string, spans: Span[], inside: (decoded: string) => string | undefined) {
    for (const view of views(text)) {
      const { joined } = view;
      const issued = isMarked(view.text) ? findIssued(view.text, { loose: joined }) : [];
      const found = issued
        .map((span) => back(view, span))
        .filter(({ from }) => !joined || begins(text, from));
      add(
        found,
        findRuns(view.text, { entropy: false, inside }).map((span) => back(view, span)),
      );
      add(spans, without(found, spans));
    }
  }

  return (text, extra = NOTHING, how = {}) => scan(text, extra, how, 0);
}

/** One by one: a list of 100,000 is too long to be handed over as arguments. */
function add(spans: Span[], more: readonly Span[]): void {
  for (const span of more) spans.push(span);
}

/** What of these lies in none of those, in time proportional to both. */
function without(more: readonly Span[], spans: readonly Span[]): Span[] {
  if (more.length === 0) return [];
  const covered = merge(spans);
  let at = 0;
  return more
    .toSorted((a, b) => a.from - b.from)
    .filter(({ from, to }) => {
      while ((covered[at]?.to ?? Number.POSITIVE_INFINITY) <= from) at++;
      const next = covered[at];
      return !next || to > next.to || from < next.from;
    });
}
