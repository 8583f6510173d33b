import { z } from "zod";
import { Slug } from "./session.ts";

/**
 * Long work of the recorder. POST /import and POST /recover answer `{ job }` at once; GET /job?id=<job> tells how far it
 * is. A job that ends with its recorder is begun again and goes on where it was: what is there already is not new.
 */
const Wanted = z.object({
  /** Transcripts found on this machine. */
  files: z
    .array(z.object({ agent: z.string().max(64), path: z.string().min(1).max(4096) }))
    .max(100_000),
  project: Slug.optional(),
  since: z.iso.datetime({ offset: true }).optional(),
  /** Only look. */
  dry: z.boolean().default(false),
});
export const Import = Wanted.extend({
  /** The files were named one by one: also what a person had left. */
  named: z.boolean().default(false),
  /** Only what the two ends of each file say; none is read whole. */
  list: z.boolean().default(false),
});
export type Import = z.infer<typeof Import>;
export const Recover = Wanted;
export type Recover = z.infer<typeof Recover>;

export interface Row {
  path: string | null;
  agentSession: string | null;
  bytes: number;
  /** The times of its first and last line. */
  from: string | null;
  to: string | null;
  cwd: string | null;
  /** Where it goes, or would by its directory; null when nobody has said. */
  project: string | null;
  /** The name of its session, once it has one. */
  name: string | null;
  /** Events found, and those among them that are nowhere yet (or were not, before this run). */
  events: number;
  fresh: number;
  /** Events that the server had and has lost: sent again. */
  again: number;
  /** Why nothing was done with it. */
  skipped: string | null;
}

export interface Job {
  job: string;
  state: "running" | "done" | "failed";
  /** Bytes read, of how many. */
  read: number;
  bytes: number;
  error: string | null;
  rows: Row[];
}
