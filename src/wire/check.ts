import { z } from "zod";

/** Positions from … to, both counted in. */
export const Span = z.tuple([z.int().min(1), z.int().min(1)]);
export type Span = z.infer<typeof Span>;

/** How many ids one check may name: below the server's 1 MB for a body. */
export const IDS = 5_000;

/**
 * POST /ingest/checks: what a machine has recorded of a session from one position to another, to be compared with what
 * the server holds. First by number and hash; where these differ, slice by slice with the ids themselves.
 */
export const Check = z.object({
  session: z.guid(),
  from: z.int().min(1),
  to: z.int().min(1),
  /** What lies below is no longer held by the machine: there the server's own ranges count. */
  floor: z.int().min(1),
  /** Positions that the machine cannot send: the server has refused their events. */
  holes: z.array(Span).max(10_000).default([]),
  /** Over `id\n`, ids in lower case, in the order of positions, from the floor (or `from`) on. */
  count: z.int().min(0),
  hash: z.string().regex(/^[0-9a-f]{64}$/),
  /** The ids at `from` … `to`, null where none is held. Below the floor: what stood there, and is held no longer. */
  ids: z.array(z.guid().nullable()).max(IDS).optional(),
});
export type Check = z.infer<typeof Check>;

export const Checks = z.object({ machine: z.guid(), checks: z.array(Check).min(1).max(100) });
export type Checks = z.infer<typeof Checks>;

export const CheckAnswer = z.object({
  checks: z.array(
    z.object({
      session: z.string(),
      /** `differs`: say the ids. `unknown`: there is no such session that the caller may see. */
      state: z.enum(["complete", "missing", "differs", "unknown"]),
      /** What the machine is to send again, as far as it holds it. */
      missing: z.array(Span),
    }),
  ),
});
export type CheckAnswer = z.infer<typeof CheckAnswer>;

/** POST /projects/:proj/known: which of these events the project does not have. */
export const Known = z.object({ ids: z.array(z.guid()).max(IDS) });
export const KnownAnswer = z.object({ missing: z.array(z.string()) });

/**
 * Whether all is here that its machines recorded of a session. `open`: something came after the last comparison, or
 * none was made yet; a machine compares when a session ends and when it falls quiet.
 */
export const Completeness = z.object({
  state: z.enum(["complete", "missing", "open"]),
  missing: z.array(Span),
});
export type Completeness = z.infer<typeof Completeness>;

/** What is known to be missing for good, in words. */
export function lackOf({ state, missing }: Completeness): string | undefined {
  if (state !== "missing") return undefined;
  const count = missing.reduce((sum, [from, to]) => sum + to - from + 1, 0);
  return `${count} of its events never reached the server`;
}
