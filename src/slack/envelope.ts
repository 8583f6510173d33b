/** What Slack sends over Socket Mode. The payload stays as it is: Bolt and our listeners know its shapes. */
import { z } from "zod";

export const Envelope = z.object({
  envelope_id: z.string(),
  type: z.string(),
  payload: z.record(z.string(), z.unknown()),
  accepts_response_payload: z.boolean().optional(),
  retry_attempt: z.number().optional(),
  retry_reason: z.string().optional(),
});
export type Envelope = z.infer<typeof Envelope>;

export const Frame = z.union([
  z.object({ type: z.literal("hello") }),
  z.object({ type: z.literal("disconnect"), reason: z.string().default("") }),
  Envelope,
]);

/** Of an event: whose it is, and which conversation it belongs to. */
export const EventBody = z.object({
  event_id: z.string(),
  team_id: z.string(),
  event: z.looseObject({
    type: z.string(),
    subtype: z.string().optional(),
    ts: z.string().optional(),
    channel: z.union([z.string(), z.object({ id: z.string() })]).optional(),
    item: z.looseObject({ channel: z.string().optional() }).optional(),
  }),
});

export const Ticket = z.object({
  ok: z.boolean(),
  url: z.string().optional(),
  error: z.string().optional(),
});
