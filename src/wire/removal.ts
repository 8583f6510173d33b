import { z } from "zod";
import { Participant } from "./participant.ts";
import { Slug } from "./session.ts";

/** POST /removals: what shall go. A project's old events, a person's own everywhere or in one project. */
export const Removal = z
  .object({
    project: Slug.optional(),
    olderThanDays: z.int().min(1).max(36_500).optional(),
    person: Participant.optional(),
    /** Only say what would go. */
    dryRun: z.boolean().default(true),
  })
  .refine(
    ({ project, olderThanDays, person }) =>
      person ? olderThanDays === undefined : project !== undefined && olderThanDays !== undefined,
    {
      message: "name a person, or a project and olderThanDays",
    },
  );
export type Removal = z.infer<typeof Removal>;

/** What went, or would go, of one project. */
export const Removed = z.object({
  project: z.string(),
  events: z.int(),
  sessions: z.int(),
  bytes: z.int(),
  firstSeq: z.int().nullable(),
  lastSeq: z.int().nullable(),
  /** Of each run, as the audit has it; none in a dry run. */
  proofs: z.array(z.string()),
});
export type Removed = z.infer<typeof Removed>;

export const RemovalAnswer = z.object({ dryRun: z.boolean(), removed: z.array(Removed) });
export type RemovalAnswer = z.infer<typeof RemovalAnswer>;

/** GET /projects/:proj/removals: why numbers are missing from the project's log. */
export const RemovalRow = z.object({
  id: z.string(),
  at: z.string(),
  reason: z.enum(["retention", "age", "person"]),
  firstSeq: z.int(),
  lastSeq: z.int(),
  events: z.int(),
  sha256: z.string(),
});
export type RemovalRow = z.infer<typeof RemovalRow>;
