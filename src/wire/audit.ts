import { z } from "zod";

/** One act that was written down: GET /audit, newest first. `hash` covers the row and the hash of the row before it. */
export const AuditRow = z.object({
  n: z.int().min(1),
  at: z.string(),
  actor: z.string(),
  action: z.string(),
  target: z.string().nullable(),
  detail: z.record(z.string(), z.unknown()),
  address: z.string().nullable(),
  hash: z.string(),
});
export type AuditRow = z.infer<typeof AuditRow>;

export const AuditPage = z.object({ items: z.array(AuditRow), next: z.string().nullable() });

/** Which rows are asked for. `action`: one (`project.renamed`), or all of a noun (`project`); `since`: a day, or a moment. */
export const AuditFilter = z.object({
  actor: z.string().max(200).optional(),
  action: z.string().max(200).optional(),
  target: z.string().max(500).optional(),
  since: z.union([z.iso.date(), z.iso.datetime({ offset: true })]).optional(),
});
export type AuditFilter = z.infer<typeof AuditFilter>;

/** What a walk along every organisation's chain found. `head` may be kept elsewhere: a shorter chain then shows. */
export const AuditChain = z.object({
  org: z.string(),
  rows: z.int(),
  head: z.string().nullable(),
  broken: z.object({ n: z.int(), why: z.enum(["missing", "changed"]) }).nullable(),
});
export type AuditChain = z.infer<typeof AuditChain>;

export const AuditReport = z.object({ chains: z.array(AuditChain) });
