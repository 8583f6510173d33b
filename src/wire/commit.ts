import { z } from "zod";

/** The body of a `code.commit` event: a commit that appeared in the session's repository while it ran (text = subject). */
export const Commit = z.object({
  /** `github.com/acme/shop`; a repository without a remote goes by its folder's name. */
  repository: z.string().max(500),
  sha: z.string().regex(/^[0-9a-f]{40,64}$/),
  /** `git patch-id --stable`: the same change keeps it through a rebase. Absent for merges. */
  patch: z
    .string()
    .regex(/^[0-9a-f]{40,64}$/)
    .optional(),
  branch: z.string().max(512).optional(),
  subject: z.string().max(1000),
  additions: z.int().min(0).default(0),
  deletions: z.int().min(0).default(0),
  files: z.int().min(0).default(0),
  /** Commits of this session that this one stands for since a rebase, an amend or a squash. */
  replaces: z.array(z.string().regex(/^[0-9a-f]{40,64}$/)).default([]),
});
export type Commit = z.infer<typeof Commit>;
