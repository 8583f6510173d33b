import { z } from "zod";

/** Something that waits for this person, or names them. */
export const Attention = z.object({
  kind: z.enum(["needs_human", "mention"]),
  project: z.string(),
  session: z.string(),
  title: z.string().nullable(),
  at: z.string(),
  text: z.string(),
  /** A path of the dashboard. */
  path: z.string(),
});
export type Attention = z.infer<typeof Attention>;

/** GET /attention: what is new since a moment; `now` is the moment to ask from next time. */
export const AttentionAnswer = z.object({ items: z.array(Attention), now: z.string() });
export type AttentionAnswer = z.infer<typeof AttentionAnswer>;
