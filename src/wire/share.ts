import { z } from "zod";

/** What a link shows: everything recorded, or what was said without the tools' work. */
export const PARTS = ["all", "talk"] as const;
export type Parts = (typeof PARTS)[number];

const seq = z.coerce.number().int().min(1).max(Number.MAX_SAFE_INTEGER);

/** A stretch of a session: from one event to another, both shown; without an end, what comes later as well. */
export const Scope = z.object({
  fromSeq: seq.optional(),
  toSeq: seq.optional(),
  parts: z.enum(PARTS).default("all"),
});
export type Scope = z.infer<typeof Scope>;

export const NewShare = Scope.extend({
  days: z.coerce.number().min(0.00001).max(365).default(7),
});
export type NewShare = z.input<typeof NewShare>;

export interface Share {
  id: string;
  project: string;
  session: string;
  fromSeq: number | null;
  toSeq: number | null;
  parts: Parts;
  createdBy: string;
  createdAt: string;
  expiresAt: string;
  revokedAt: string | null;
  views: number;
  viewedAt: string | null;
}
