import { z } from "zod";

const Backlog = z.object({ events: z.int(), seconds: z.number() });
const States = z.record(z.string(), z.int());

/** POST /status: how a server stands, for who runs it. Numbers alone. */
export const ServerStatus = z.object({
  version: z.string(),
  uptimeSeconds: z.int(),
  memoryBytes: z.int(),
  connections: z.object({ requests: z.int(), sockets: z.int() }),
  projects: z.int(),
  sessions: States,
  /** What readers of the log have yet to take: the search index, and Slack. */
  backlog: z.object({ search: Backlog, slack: Backlog }),
  injections: States,
  outbox: z.object({ depth: z.int(), seconds: z.number() }),
  database: z.object({
    bytes: z.number(),
    connections: z.int(),
    maxConnections: z.int(),
    commits: z.number(),
    rollbacks: z.number(),
    deadlocks: z.number(),
    roundTripSeconds: z.number(),
  }),
  /** Null: nothing is backed up by itself. */
  backup: z
    .object({ lastAt: z.string().nullable(), bytes: z.number(), failures: z.int() })
    .nullable(),
});
export type ServerStatus = z.infer<typeof ServerStatus>;
