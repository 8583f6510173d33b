/** So many a second, and so many at once after a rest. */
export interface Rate {
  perSecond: number;
  burst: number;
}

/**
 * Token buckets by key. Memory is bounded: of more than `most` keys the one unused for longest is forgotten, which at
 * worst gives it a full bucket again (10,000 keys are about 1 MB).
 */
export function startBuckets({ perSecond, burst }: Rate, { most = 10_000, now = Date.now } = {}) {
  const buckets = new Map<string, { level: number; at: number }>();

  /** The bucket as of now, moved to the young end of the map. */
  function of(key: string): { level: number; at: number } {
    const at = now();
    const old = buckets.get(key);
    const passed = old ? Math.max(0, at - old.at) : 0;
    const level = old ? Math.min(burst, old.level + (passed / 1000) * perSecond) : burst;
    const bucket = { level, at };
    buckets.delete(key);
    buckets.set(key, bucket);
    if (buckets.size > most) {
      const [eldest] = buckets.keys();
      if (eldest !== undefined) buckets.delete(eldest);
    }
    return bucket;
  }

  const msUntil = (level: number): number => Math.max(0, Math.ceil((-level / perSecond) * 1000));

  return {
    /** Takes that much when it is there and answers 0; else takes nothing and answers when it will be, in ms. */
    take(key: string, cost = 1): number {
      const bucket = of(key);
      // More than a bucket holds is let through by a full one, and leaves a debt.
      if (bucket.level < Math.min(cost, burst)) {
        return Math.max(1, msUntil(bucket.level - Math.min(cost, burst)));
      }
      bucket.level -= cost;
      return 0;
    },
    /** Takes that much in any case, into debt if need be; answers how long until the debt is paid, in ms. */
    spend(key: string, cost = 1): number {
      const bucket = of(key);
      bucket.level -= cost;
      return msUntil(bucket.level);
    },
    /** How long until that much is there, in ms, taking nothing; with 0, until the debt is paid. */
    wait: (key: string, cost: number): number =>
      buckets.has(key) ? msUntil(of(key).level - cost) : 0,
    get size(): number {
      return buckets.size;
    },
  };
}
