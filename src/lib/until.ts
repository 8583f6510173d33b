/** Waits for a condition, never for luck: resolves with the first truthy answer, throws after `timeoutMs`. */
export async function until<T>(
  condition: () => T | Promise<T>,
  { timeoutMs = 10_000, everyMs = 10, what = "the condition" } = {},
): Promise<Exclude<NonNullable<T>, false>> {
  const end = performance.now() + timeoutMs;
  let last: unknown;
  for (;;) {
    try {
      const value = await condition();
      if (value) return value as Exclude<NonNullable<T>, false>;
      last = value;
    } catch (error) {
      last = error;
    }
    if (performance.now() > end) {
      throw new Error(`waited ${timeoutMs} ms for ${what}`, { cause: last });
    }
    await Bun.sleep(everyMs);
  }
}
