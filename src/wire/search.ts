import { z } from "zod";
import { Face } from "./agent.ts";

/** One event that holds what was asked for. */
export const Hit = z.object({
  project: z.string(),
  /** The session's name in the project. */
  session: z.string(),
  seq: z.int(),
  at: z.string(),
  kind: z.string(),
  sender: z.string(),
  /** The tool that was called. */
  tool: z.string().optional(),
  /** The passage around what was found, on one line. */
  text: z.string(),
  /** What was found, as places in `text`: from, to. */
  marks: z.array(z.tuple([z.int(), z.int()])),
});
export type Hit = z.infer<typeof Hit>;

/** A session with hits on this page: those of its newest hit first. */
export const HitSession = z.object({
  project: z.string(),
  name: z.string(),
  title: z.string().nullable(),
  driver: z.string().nullable(),
  agent: z.string(),
  /** What the registry knows of the agent, and of a driver who is one. */
  agentFace: Face.optional(),
  driverFace: Face.optional(),
  branch: z.string().nullable(),
  state: z.string(),
  /** How many of the page's hits are its. */
  hits: z.int(),
});
export type HitSession = z.infer<typeof HitSession>;

/** GET /search: hits newest first, the sessions they are in, and the cursor of the next page. */
export const Found = z.object({
  items: z.array(Hit),
  sessions: z.array(HitSession),
  next: z.string().nullable(),
});
export type Found = z.infer<typeof Found>;

const word = z.string().trim().max(500).optional();

/** What may be asked: words, and filters. `after` and `before` are days (`2026-11-20`) or moments, both inclusive of the day. */
export const Search = z.object({
  q: z.string().max(1000).default(""),
  project: word,
  session: word,
  kind: word,
  tool: word,
  file: word,
  from: word,
  agent: word,
  branch: word,
  since: word,
  until: word,
  cursor: z.string().max(1000).optional(),
  limit: z.coerce.number().int().min(1).max(200).default(50),
});
export type Search = z.input<typeof Search>;
