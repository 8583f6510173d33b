import { z } from "zod";

/**
 * A backup is lines of JSON, so that `zstd -d | head` shows what it holds and no tool of ours is needed to read it:
 *
 *   {"polaris-backup":1, …}        the header: schema, tables with their columns
 *   {"table":"events"}             a table begins; each row is an array of PostgreSQL's own texts, or null
 *   ["0190…","1", …]
 *   {"end":"events","rows":1,"sha256":"…"}
 *   {"done":true,"rows":1}         without it the file is not whole
 *
 * pg_dump is not among the programs the executable carries, and Bun's client has no COPY.
 */
const Column = z.object({ name: z.string(), type: z.string() });

export const Table = z.object({ name: z.string(), columns: z.array(Column) });
export type Table = z.infer<typeof Table>;

export const Header = z.object({
  "polaris-backup": z.literal(1),
  polaris: z.string(),
  postgresql: z.string(),
  at: z.string(),
  schema: z.array(z.object({ name: z.string(), checksum: z.string() })),
  tables: z.array(Table),
  /** Secrets of the data directory by name; only ever in an encrypted backup. */
  files: z.record(z.string(), z.string()),
});
export type Header = z.infer<typeof Header>;

export const Begin = z.object({ table: z.string() });

export const End = z.object({ end: z.string(), rows: z.int(), sha256: z.string() });
export type End = z.infer<typeof End>;

export const Done = z.object({ done: z.literal(true), rows: z.int() });

export const Line = z.union([Begin, End, Done]);

/** What a backup holds, table by table: two databases with the same summary hold the same rows. */
export type Summary = Record<string, { rows: number; sha256: string }>;
