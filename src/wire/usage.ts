import { z } from "zod";

export const BY = ["day", "project", "agent", "model", "person", "tool", "file"] as const;
export type By = (typeof BY)[number];

const word = z.string().trim().max(500).optional();

/** What GET /usage may be asked. `person` and `by=person` tell others' figures only where the organisation says so. */
export const UsageQuery = z.object({
  by: z.enum(BY).default("day"),
  since: word,
  until: word,
  project: word,
  agent: word,
  model: word,
  person: word,
  format: z.enum(["json", "csv"]).default("json"),
});
export type UsageQuery = z.input<typeof UsageQuery>;

/** What is counted. Of tools and files: `tools` are the calls, `failed` those that failed; the rest is 0. */
export const COUNTS = [
  "sessions",
  "prompts",
  "turns",
  "tools",
  "failed",
  "files",
  "inputTokens",
  "outputTokens",
  "cacheReadTokens",
  "cacheWriteTokens",
  "costUsd",
  "waitingMs",
] as const;
export type Count = (typeof COUNTS)[number];

export const UsageRow = z.object({
  /** The day, the project's slug, the agent, the model, the person (or `others`), the tool, the file. */
  key: z.string(),
  ...(Object.fromEntries(COUNTS.map((name) => [name, z.number()])) as Record<Count, z.ZodNumber>),
  /** Answers of models without a known price: the cost is at least what it says. */
  unpriced: z.number(),
});
export type UsageRow = z.infer<typeof UsageRow>;

export const Usage = z.object({
  by: z.enum(BY),
  /** First and last day, UTC, both counted. */
  since: z.string(),
  until: z.string(),
  rows: z.array(UsageRow),
  total: UsageRow,
  /** Whether figures are told by person. */
  byPerson: z.boolean(),
});
export type Usage = z.infer<typeof Usage>;

export const UsageSettings = z.object({ byPerson: z.boolean() });
