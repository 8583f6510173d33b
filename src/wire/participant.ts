import { z } from "zod";

/** Who speaks: `user:manu`, `agent:claude`, `slack:krishna`. */
export const Participant = z
  .string()
  .max(128)
  .regex(
    /^(user|agent|slack):[a-z0-9][a-z0-9._-]*$/,
    "a participant is user:, agent: or slack: and a name",
  );
export type Participant = z.infer<typeof Participant>;

/** Makes any login or display name fit for the part after the colon: `Manu B.` -> `manu-b`. */
export function slugOf(name: string, fallback = "someone"): string {
  const slug = name
    .normalize("NFKD")
    .replace(/\p{M}+/gu, "")
    .toLowerCase()
    .replace(/[^a-z0-9._-]+/g, "-")
    .replace(/^[^a-z0-9]+|[^a-z0-9]+$/g, "")
    .slice(0, 64);
  return slug || fallback;
}

/** `user:manu` -> `manu`. */
export const nameOf = (participant: string): string =>
  participant.slice(participant.indexOf(":") + 1) || participant;
