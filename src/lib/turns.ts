/**
 * Lets so many works of one key run at once; the others wait in the order in which they came. A work is told how many
 * others of its key there are when it begins.
 */
export function startTurns(limit: number) {
  const waiting = new Map<string, { running: number; line: (() => void)[] }>();
  return async function inTurn<T>(key: string, work: (others: number) => Promise<T>): Promise<T> {
    const place = waiting.get(key) ?? { running: 0, line: [] };
    waiting.set(key, place);
    if (place.running < limit) place.running++;
    else await new Promise<void>((resolve) => place.line.push(resolve));
    try {
      return await work(place.running - 1 + place.line.length);
    } finally {
      const next = place.line.shift();
      if (next) next();
      else if (--place.running === 0) waiting.delete(key);
    }
  };
}
