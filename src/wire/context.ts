import { z } from "zod";

/**
 * Characters a token is taken for. Tokenizers differ by model; on English and code 4 is the usual rule, other scripts
 * take fewer characters a token, so that an answer may cost up to twice its budget there.
 */
export const CHARS_PER_TOKEN = 4;

/** One thing that was said or done in a sibling session: GET /projects/:proj/context. */
export const ContextItem = z.object({
  /** The event's id, and its place in the project. */
  event: z.string(),
  seq: z.int(),
  session: z.string(),
  at: z.string(),
  sender: z.string(),
  kind: z.string(),
  /** What was said; for a tool its call in one line. Long texts end with how much is left out. */
  text: z.string(),
});
export type ContextItem = z.infer<typeof ContextItem>;

/** The newest that fit into the budget, in the order in which they happened. `next` goes into `cursor` for older ones. */
export const Context = z.object({
  items: z.array(ContextItem),
  tokens: z.int(),
  next: z.string().nullable(),
});
export type Context = z.infer<typeof Context>;

/** GET …/brief: the same events make the same text. `upTo`: the last event of the session or project it knows. */
export const Brief = z.object({
  project: z.string(),
  session: z.string().nullable(),
  upTo: z.int(),
  tokens: z.int(),
  text: z.string(),
});
export type Brief = z.infer<typeof Brief>;
