/** Where in a text something stands that must not be seen, and what it is. */
export interface Span {
  kind: string;
  from: number;
  to: number;
}

/** Puts `[redacted:<kind>]` in the place of each span; of overlapping ones the first and longest names the kind. */
export function cover(text: string, spans: readonly Span[]): string {
  let out = "";
  let at = 0;
  for (const { kind, from, to } of merge(spans)) {
    out += `${text.slice(at, from)}[redacted:${kind}]`;
    at = to;
  }
  return out + text.slice(at);
}

export function merge(spans: readonly Span[]): Span[] {
  const out: Span[] = [];
  for (const span of spans.toSorted((a, b) => a.from - b.from || b.to - a.to)) {
    const last = out.at(-1);
    if (!last || span.from >= last.to) out.push({ ...span });
    else last.to = Math.max(last.to, span.to);
  }
  return out;
}
