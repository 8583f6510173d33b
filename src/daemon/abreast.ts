/**
 * The sessions of which this machine has heard all that the server has to say. Only into those is advice delivered: a
 * machine that was asleep hears of advice before it hears that it was recalled or given up meanwhile.
 */
export interface Abreast {
  mark(session: string): void;
  drop(session: string): void;
  has(session: string): boolean;
  /** Called when one comes to be. */
  onMark(listener: () => void): void;
}

export function startAbreast(): Abreast {
  const sessions = new Set<string>();
  const listeners = new Set<() => void>();
  return {
    mark(session) {
      if (sessions.has(session)) return;
      sessions.add(session);
      for (const listener of listeners) listener();
    },
    drop: (session) => void sessions.delete(session),
    has: (session) => sessions.has(session),
    onMark: (listener) => void listeners.add(listener),
  };
}
