/**
 * The only place where retries wait. Full jitter (each wait is a random part of the computed one), so that
 * many machines that lost one server do not return in step: 0.1 s, 0.2, 0.4 … capped at 30 s by default.
 */
export function backoff({ firstMs = 100, maxMs = 30_000 } = {}) {
  let attempt = 0;
  return {
    /** How long to wait before the next try, in milliseconds. */
    next(): number {
      return waitAfter(attempt++, { firstMs, maxMs });
    },
    reset(): void {
      attempt = 0;
    },
  };
}

/** The same for a count that is kept elsewhere: how long to wait after so many tries. */
export function waitAfter(tries: number, { firstMs = 100, maxMs = 30_000 } = {}): number {
  const ceiling = Math.min(maxMs, firstMs * 2 ** Math.min(tries, 30));
  return ceiling / 2 + Math.random() * (ceiling / 2);
}

/** Resolves after `ms`, or at once when the signal fires; the caller looks at the signal. */
export function pause(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    const done = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal?.addEventListener("abort", done, { once: true });
  });
}
