/** The first of them that can be said together in so many characters; one at least, whatever it takes. */
export function fitting<T>(
  all: readonly T[],
  most: number,
  say: (some: T[]) => string | undefined,
): T[] {
  const some = [...all];
  while (some.length > 1 && (say(some)?.length ?? 0) > most) some.pop();
  return some;
}
