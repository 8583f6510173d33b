import type { Participant } from "../wire/participant.ts";

/** On whose behalf something is done. Every function of core takes one; there is no call without it. */
export interface Caller {
  org: string;
  participant: Participant;
  kind: "owner" | "web" | "api";
  token: string;
}
