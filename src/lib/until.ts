/** Waits for a condition, never for luck: resolves with the first truthy answer, throws after `timeoutMs`. */
export async function until<T>(
  condition: () => T | Promise<T>,
  { timeoutMs = 10_000, everyMs = 10, what = "" } = {},
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
      throw new Error(`waited ${timeoutMs} ms for ${what || plain(condition)}`, { cause: last });
    }
    await Bun.sleep(everyMs);
  }
}

/** What is waited for, where nobody named it: the condition's own words. */
const plain = (condition: () => unknown) =>
  String(condition)
    .replace(/^(async )?\(\) => /, "")
    .replace(/\s+/g, " ")
    .slice(0, 120);
