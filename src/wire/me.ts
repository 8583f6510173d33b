import { z } from "zod";
import { Participant } from "./participant.ts";

/** GET /me: whom the server takes the caller for. */
export const Me = z.object({
  participant: Participant,
  org: z.string().nullable().default(null),
});
export type Me = z.infer<typeof Me>;
