/** `timeout` and supervisors signal a whole process group, and a launcher passes its own copy on: that is one request. */
const SAME_MS = 1000;

/** Resolves with the first of SIGINT, SIGTERM, SIGHUP. One more, a second later, ends the process at once (a hung drain). */
export function untilAskedToStop(): Promise<NodeJS.Signals> {
  const { promise, resolve } = Promise.withResolvers<NodeJS.Signals>();
  let askedAt: number | undefined;
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(signal, () => {
      if (askedAt !== undefined && performance.now() - askedAt > SAME_MS) process.exit(1);
      askedAt ??= performance.now();
      resolve(signal);
    });
  }
  return promise;
}
