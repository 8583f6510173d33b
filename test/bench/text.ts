/** Repeatable randomness and text that compresses like code does: a few common words, many rare ones. */

export type Random = () => number;

/** xorshift32: good enough to spread sizes, and the same on every machine. */
export function random(seed: number): Random {
  let state = seed | 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

const COMMON =
  `const return await function import from export if else for of new this true false null string number
  async type interface throw error test expect the to a is in and not was file line value result`.split(
    /\s+/,
  );
const PARTS =
  `user cart order price item total list page route query token cache store event state queue frame
  parse write read send open close merge split index count limit match build check`.split(/\s+/);
const ENDS = ["\n", "\n  ", "\n    ", ";\n", " {\n  ", "\n}\n"];

const pick = <T>(next: Random, list: readonly T[], fallback: T): T =>
  list[Math.floor(next() * list.length)] ?? fallback;

function word(next: Random): string {
  const kind = next();
  if (kind < 0.55) return pick(next, COMMON, "const");
  if (kind < 0.85) return pick(next, PARTS, "item");
  const joined = pick(next, PARTS, "item") + pick(next, PARTS, "list");
  return kind < 0.95 ? joined : `${joined}${Math.floor(next() * 10_000)}`;
}

export function code(next: Random, characters: number): string {
  let text = "";
  while (text.length < characters) {
    text += word(next) + (next() < 0.12 ? pick(next, ENDS, "\n") : next() < 0.1 ? "(" : " ");
  }
  return text.slice(0, characters);
}

/** Sizes as they come in sessions: most are small, few are very large. */
export function size(next: Random, median: number, spread: number, most: number): number {
  const normal = Math.sqrt(-2 * Math.log(next() || 1e-9)) * Math.cos(2 * Math.PI * next());
  return Math.min(most, Math.max(1, Math.round(median * Math.exp(spread * normal))));
}
