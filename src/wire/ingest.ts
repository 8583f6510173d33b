import { z } from "zod";
import { Event } from "./event.ts";
import { Participant } from "./participant.ts";
import { Name, Slug } from "./session.ts";

/**
 * POST /ingest: the daemon's batches. The body is newline-delimited JSON: the first line is an `IngestHead`, each
 * further line one `IngestEvent`. One line that cannot be read is refused alone and never fails its batch.
 * `application/json` with `{ ...head, events: [...] }` is taken too.
 */
export const IngestSession = z.object({
  /** Minted by the machine (UUIDv7), so that a session exists before the server has heard of it. */
  id: z.guid(),
  project: Slug,
  /** The name wished for. Taken by another session of the project: the server finds a free one and answers it. */
  name: Name,
  agent: Participant,
  driver: Participant.nullable().default(null),
  cwd: z.string().max(4096).optional(),
  branch: z.string().max(512).optional(),
  startedAt: z.iso.datetime({ offset: true }).optional(),
  /** The lowest position this machine still holds; what is below it and unknown to the server is missing. */
  floor: z.int().min(1).default(1),
});
export type IngestSession = z.infer<typeof IngestSession>;

export const IngestHead = z.object({
  /** The machine's own id (UUID) and its name for people. */
  machine: z.object({ id: z.guid(), name: z.string().max(255) }),
  sessions: z.array(IngestSession).max(1000),
});
export type IngestHead = z.infer<typeof IngestHead>;

/** One event on its way: `session` names one of the head's sessions, `pos` counts 1, 2, 3 … per session and machine. */
export const IngestEvent = Event.extend({ session: z.guid(), pos: z.int().min(1) });
export type IngestEvent = z.infer<typeof IngestEvent>;

export const IngestAnswer = z.object({
  /** Per session: every position up to here is stored (or known to be missing). The machine's cursor moves to it. */
  acked: z.record(z.string(), z.int().min(0)),
  /** Per session: the name it has on the server. */
  names: z.record(z.string(), z.string()),
  /** Events that were new, and those the server had already. */
  stored: z.int(),
  known: z.int(),
  /** Lines that could not be taken as events; `pos` and `session` when they could be read. Never sent again. */
  refused: z.array(
    z.object({
      line: z.int(),
      session: z.string().optional(),
      pos: z.int().optional(),
      code: z.string(),
      message: z.string(),
    }),
  ),
  /**
   * Sessions whose project the caller may not see (any more): nothing of them was taken. The machine keeps their events
   * and offers them again later, so that nothing is lost when access comes back.
   */
  blocked: z
    .array(z.object({ session: z.string(), code: z.string(), message: z.string() }))
    .default([]),
});
export type IngestAnswer = z.infer<typeof IngestAnswer>;
