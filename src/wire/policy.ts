import { z } from "zod";

/**
 * What a team says about its own secrets: `PUT /orgs/policy`, or for one machine `$POLARIS_HOME/policy.json`.
 *
 * `patterns`: regular expressions (JavaScript's, without flags, backward references and nested repeats) whose matches are
 * replaced by `[redacted:<kind>]`. `allow`: values that stay although they look like secrets, whole; `*` stands for
 * anything, also for nothing.
 */
export const Policy = z.strictObject({
  patterns: z
    .array(
      z.strictObject({
        kind: z
          .string()
          .max(64)
          .regex(/^[a-z0-9][a-z0-9-]*$/),
        regex: z.string().min(1).max(1_000),
      }),
    )
    .max(500)
    .default([]),
  allow: z.array(z.string().min(1).max(1_000)).max(5_000).default([]),
});
export type Policy = z.infer<typeof Policy>;
