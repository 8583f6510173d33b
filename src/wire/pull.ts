import { z } from "zod";
import { Commit } from "./commit.ts";

const hash = z.string().regex(/^[0-9a-f]{40,64}$/);

/** Which sessions a pull request came from: by its commits, by their changes (patch-ids), else by its branch. */
export const PullQuery = z.object({
  repository: z.string().min(1).max(500),
  shas: z.array(hash).max(500),
  patches: z.array(hash).max(500).default([]),
  branch: z.string().max(512).optional(),
});
export type PullQuery = z.input<typeof PullQuery>;

export const SessionCommit = Commit.omit({ replaces: true }).extend({
  at: z.string(),
  patch: z.string().nullable(),
  branch: z.string().nullable(),
  /** The commit that stands for it since a rebase or a squash. */
  movedTo: z.string().nullable(),
});
export type SessionCommit = z.infer<typeof SessionCommit>;

/** What POST /pulls/summary answers: the comment's text, and the sessions it tells of. */
export const PullSummary = z.object({
  markdown: z.string(),
  sessions: z.array(
    z.object({
      project: z.string(),
      name: z.string(),
      title: z.string().nullable(),
      commits: z.int(),
      /** By what the session was found. */
      by: z.enum(["commit", "patch", "branch"]),
    }),
  ),
});
export type PullSummary = z.infer<typeof PullSummary>;

/** What POST …/pull takes: the pull request's number, else it is the open one of the session's branch. */
export const PullAsk = z.object({ number: z.int().positive().optional() });
