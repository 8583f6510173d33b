/**
 * Markdown in parts of at most `limit` characters. A fenced block that is cut is closed and reopened with its language,
 * so that each part is right by itself; cuts fall between paragraphs where there is one in the part's second half.
 */
export function split(text: string, limit: number): string[] {
  const parts: string[] = [];
  let held: string[] = [];
  let size = 0;
  let fence: { mark: string; head: string } | undefined;
  let gap = -1;

  function flush(): void {
    const before = fence ? undefined : held.slice(0, gap);
    const isWorthIt = before && before.join("\n").length > limit / 2;
    const now = isWorthIt ? before : held;
    held = isWorthIt ? held.slice(gap + 1) : fence ? [fence.head] : [];
    parts.push([...now, ...(fence ? [fence.mark] : [])].join("\n"));
    size = held.reduce((sum, line) => sum + line.length + 1, 0);
    gap = -1;
  }

  for (const line of text.split("\n").flatMap((it) => pieces(it, limit >> 1))) {
    const [, mark, info = ""] = FENCE.exec(line) ?? [];
    const opens = !fence && mark ? { mark, head: mark + info.trim().slice(0, 40) } : undefined;
    const closing = (opens ?? fence)?.mark.length ?? -1;
    if (held.length > 0 && size + line.length + 1 + closing + 1 > limit) flush();
    held.push(line);
    size += line.length + 1;
    if (opens) fence = opens;
    else if (fence && mark?.startsWith(fence.mark) && !info.trim()) fence = undefined;
    else if (!fence && line.trim() === "") gap = held.length - 1;
  }
  if (held.length > 0) parts.push([...held, ...(fence ? [fence.mark] : [])].join("\n"));
  return parts.map((part) => part.replace(/^\n+|\n+$/g, "")).filter((part) => part.trim() !== "");
}

const FENCE = /^ {0,3}(`{3,}|~{3,})([^`]*)$/;

/** A line that is longer than a part, cut at spaces where there are any and never inside a character. */
function pieces(line: string, limit: number): string[] {
  const out: string[] = [];
  let rest = line;
  while (rest.length > limit) {
    const space = rest.lastIndexOf(" ", limit);
    let at = space > limit / 2 ? space : limit;
    if (/[\ud800-\udbff]/.test(rest[at - 1] ?? "")) at--;
    out.push(rest.slice(0, at));
    rest = rest.slice(at);
  }
  return [...out, rest];
}
