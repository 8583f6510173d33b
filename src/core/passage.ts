import { wordsOf } from "../lib/words.ts";

/** As much of a text as a hit shows. */
const LENGTH = 240;
const BEFORE = 60;

/** The passage of a text in which most of what is marked stands together, on one line, with its places. */
export function passageOf(
  text: string,
  isMarked: (term: string) => boolean,
): { text: string; marks: [number, number][] } {
  const found: { from: number; to: number; term: string }[] = [];
  for (const word of wordsOf(text)) {
    if (found.length >= 200) break;
    if (!isMarked(word.term)) continue;
    const last = found.at(-1);
    if (last && word.from < last.to) last.to = Math.max(last.to, word.to);
    else found.push({ from: word.from, to: word.to, term: word.term });
  }
  const start = startOf(text, found);
  const end = Math.min(text.length, start + LENGTH);
  const head = start > 0 ? "… " : "";
  const cut = text.slice(start, end).replaceAll(/\s/g, " ").toWellFormed();
  const marks = found
    .filter(({ from, to }) => from >= start && to <= end)
    .map(({ from, to }): [number, number] => [
      from - start + head.length,
      to - start + head.length,
    ]);
  return { text: `${head}${cut}${end < text.length ? " …" : ""}`, marks };
}

/** Where the window with the most different words begins, at a word's border. */
function startOf(text: string, found: { from: number; to: number; term: string }[]): number {
  let best = { from: found[0]?.from ?? 0, count: 0 };
  for (const [at, { from }] of found.entries()) {
    const inside = new Set<string>();
    for (const other of found.slice(at, at + 20)) {
      if (other.to <= from - BEFORE + LENGTH) inside.add(other.term);
    }
    if (inside.size > best.count) best = { from, count: inside.size };
  }
  const start = Math.max(0, best.from - BEFORE);
  if (start === 0) return 0;
  const space = text.slice(start, best.from).search(/\s/);
  return space < 0 ? start : start + space + 1;
}
