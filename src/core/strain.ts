import { availableParallelism } from "node:os";

/** Whether batches arrive faster than they are written, and a place to wait until they do not. */
export interface Strain {
  /** Counts a batch, from its arrival to its end. */
  during<T>(work: () => Promise<T>): Promise<T>;
  /** Resolves with true when no more batches are here than there are processors, and with false after so long. */
  calm(mostMs: number): Promise<boolean>;
}

/**
 * What reads the log behind costs as much as writing it, and nobody waits for it to the second: while there are more
 * batches than processors it steps aside, so that a burst is taken in at the speed at which it can be written.
 */
export function startStrain(most = availableParallelism()): Strain {
  let here = 0;
  const waiting = new Set<() => void>();
  return {
    async during(work) {
      here++;
      try {
        return await work();
      } finally {
        here--;
        if (here <= most) for (const go of [...waiting]) go();
      }
    },
    calm(mostMs) {
      if (here <= most) return Promise.resolve(true);
      return new Promise((resolve) => {
        const go = () => {
          clearTimeout(late);
          waiting.delete(go);
          resolve(here <= most);
        };
        const late = setTimeout(go, mostMs);
        waiting.add(go);
      });
    },
  };
}
