import { availableParallelism } from "node:os";

/** Whether batches arrive faster than they are written, and a place to wait until they do not. */
export interface Strain {
  /** Counts a batch, from its arrival to its end. */
  during<T>(work: () => Promise<T>): Promise<T>;
  /** Resolves with true when no more batches are here, and of late were, than processors; with false after so long. */
  calm(mostMs: number): Promise<boolean>;
}

/** The past that counts: a moment between two batches of a burst is no rest. */
const MEMORY_MS = 250;
const LOOK_MS = 25;

/**
 * What reads the log behind costs as much as writing it, and nobody waits for it to the second: while there are, and
 * lately were, more batches than processors it steps aside, so that a burst is taken in at the speed at which it can be
 * written. (By the batches of the moment alone, it took a step at every dip: a tenth of a burst was read meanwhile, which
 * cost the burst 15 %.)
 */
export function startStrain(
  most = availableParallelism(),
  now: () => number = () => performance.now(),
): Strain {
  let here = 0;
  let mean = 0;
  let since = now();

  /** How many were here of late: what was so `MEMORY_MS` ago counts a third. */
  const lately = () => {
    const at = now();
    mean = here + (mean - here) * Math.exp((since - at) / MEMORY_MS);
    since = at;
    return Math.round(mean);
  };

  return {
    async during(work) {
      lately();
      here++;
      try {
        return await work();
      } finally {
        lately();
        here--;
      }
    },
    async calm(mostMs) {
      const end = now() + mostMs;
      while (here > most || lately() > most) {
        const left = end - now();
        if (left <= 0) return false;
        await Bun.sleep(Math.min(LOOK_MS, left));
      }
      return true;
    },
  };
}
