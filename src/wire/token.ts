import { z } from "zod";
import { Participant } from "./participant.ts";

/** The one client of POST /auth/token: a public client (RFC 8252), so that its name is no secret. */
export const CLIENT = "polaris-cli";

export const DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code";

/** What POST /auth/token answers (RFC 6749 §5.1), with whom it is for. */
export const TokenAnswer = z.object({
  access_token: z.string().min(1),
  token_type: z.literal("Bearer"),
  expires_in: z.number().positive(),
  refresh_token: z.string().min(1),
  participant: Participant,
  org: z.guid(),
  device: z.guid(),
});
export type TokenAnswer = z.infer<typeof TokenAnswer>;

/** What POST /auth/device answers (RFC 8628 §3.2). */
export const DeviceAnswer = z.object({
  device_code: z.string().min(1),
  user_code: z.string().min(1),
  verification_uri: z.url(),
  verification_uri_complete: z.url().optional(),
  expires_in: z.number().positive(),
  interval: z.number().positive().default(5),
});
export type DeviceAnswer = z.infer<typeof DeviceAnswer>;
