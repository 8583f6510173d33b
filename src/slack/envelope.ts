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

/**
 * Of an event: whose it is, and which conversation it belongs to. In a channel shared with another company `team_id` is
 * the workspace of whoever did it; ours is the one that let the app in (bolt-js #687), which Bolt goes by as well.
 */
export const EventBody = z.object({
  event_id: z.string(),
  team_id: z.string(),
  context_team_id: z.string().nullish(),
  authorizations: z.array(z.looseObject({ team_id: z.string().nullish() })).optional(),
  event: z.looseObject({
    type: z.string(),
    subtype: z.string().optional(),
    ts: z.string().optional(),
    channel: z.union([z.string(), z.object({ id: z.string() })]).optional(),
    item: z.looseObject({ channel: z.string().optional() }).optional(),
  }),
});

/** The workspace through which the app hears of it. */
export const teamOf = ({
  authorizations,
  context_team_id: context,
  team_id: source,
}: z.infer<typeof EventBody>): string => authorizations?.[0]?.team_id ?? context ?? source;

export const Ticket = z.object({
  ok: z.boolean(),
  url: z.string().optional(),
  error: z.string().optional(),
});
