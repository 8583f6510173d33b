/**
 * Whether a word looks drawn and not written: capitals, small letters and digits, and a change between them at nearly
 * every second step. A drawn word of base 62 changes at 62 % of its steps, names in code at 15–30 %.
 */
export function isRandom(word: string): boolean {
  if (word.length < 16) return false;
  const counts = [0, 0, 0, 0];
  let changes = 0;
  let last = -1;
  const seen = new Set<number>();
  for (let at = 0; at < word.length; at++) {
    const code = word.charCodeAt(at);
    seen.add(code);
    const kind = kindOf(code);
    counts[kind] = (counts[kind] ?? 0) + 1;
    if (last >= 0 && kind !== last) changes++;
    last = kind;
  }
  const [capitals = 0, small = 0, digits = 0] = counts;
  if (capitals < 2 || small < 2 || digits < 2) return false;
  if (seen.size < Math.min(word.length * 0.45, 20)) return false;
  return changes / (word.length - 1) >= 0.4;
}

function kindOf(code: number): number {
  if (code >= 65 && code <= 90) return 0;
  if (code >= 97 && code <= 122) return 1;
  if (code >= 48 && code <= 57) return 2;
  return 3;
}
