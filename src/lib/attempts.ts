/**
 * Counts tries per key and says when there were too many: at most `most` within `windowMs`, then none until the window
 * is over. A try counts before it is made, so that a thousand at once are a thousand. Kept in memory: a restart
 * forgives, a second process gives as many again, which guessing one code of 2.6e10 does not notice.
 */
export function attempts({ most, windowMs }: { most: number; windowMs: number }) {
  const seen = new Map<string, { count: number; until: number }>();

  function entry(key: string) {
    const known = seen.get(key);
    if (known && known.until > Date.now()) return known;
    seen.delete(key);
    return undefined;
  }

  return {
    /** Counts one, and answers how long it has to wait instead, in milliseconds; 0 when it may be made. */
    attempt(key: string): number {
      const known = entry(key) ?? { count: 0, until: Date.now() + windowMs };
      if (known.count >= most) return known.until - Date.now();
      known.count++;
      if (seen.size > 10_000) for (const other of seen.keys()) entry(other);
      seen.set(key, known);
      return 0;
    },
    /** It was right: what was counted before is forgotten. */
    forgive: (key: string): void => void seen.delete(key),
  };
}
