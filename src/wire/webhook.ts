import { z } from "zod";

/** What may be told. A session's state is told when it changes; `*` is everything. */
export const WEBHOOK_KINDS = [
  "session.started",
  "session.needs_human",
  "session.idle",
  "session.finished",
  "session.failed",
  "user.message",
  "agent.message",
  "injection.queued",
  "code.commit",
  "error",
  "*",
] as const;
export type WebhookKind = (typeof WEBHOOK_KINDS)[number];

export const NewWebhook = z.object({
  url: z.url({ protocol: /^https?$/ }).max(2000),
  kinds: z.array(z.enum(WEBHOOK_KINDS)).min(1).max(WEBHOOK_KINDS.length),
  /** Only of this project; otherwise of all that the whole organisation sees. */
  project: z.string().max(64).optional(),
});
export type NewWebhook = z.infer<typeof NewWebhook>;

export interface Webhook {
  id: string;
  url: string;
  kinds: string[];
  project: string | null;
  createdBy: string;
  createdAt: string;
  disabledAt: string | null;
}

/** One message, and how its last try went. */
export interface WebhookMessage {
  id: string;
  kind: string;
  createdAt: string;
  tries: number;
  /** When it is tried again; null: delivered, or given up. */
  nextAt: string | null;
  status: number | null;
  answer: string | null;
  tookMs: number | null;
  deliveredAt: string | null;
}

/** The body that is sent: Standard Webhooks' `type`, `timestamp`, `data`. */
export interface WebhookBody {
  type: string;
  timestamp: string;
  data: Record<string, unknown>;
}
