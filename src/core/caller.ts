import type { Participant } from "../wire/participant.ts";

/** What a member may do, the least first. */
export const ROLES = ["viewer", "member", "admin", "owner"] as const;
export type Role = (typeof ROLES)[number];

/** What an API token may be given; people's browsers and machines have what their role allows. */
export const SCOPES = ["read", "ingest", "inject", "admin"] as const;
export type Scope = (typeof SCOPES)[number];

/** On whose behalf something is done. Every function of core takes one; there is no call without it. */
export interface Caller {
  org: string;
  /** The person; an API token acts with at most the rights of whose it is. */
  user: string;
  participant: Participant;
  role: Role;
  scopes: readonly Scope[];
  /** What was shown: a browser's cookie, a machine's access token, or an API token. */
  kind: "browser" | "machine" | "api";
  /** The device's or API token's id: what revoking ends. */
  token: string;
  /** Where the request came from, for the audit. */
  address?: string | undefined;
}

export const isAtLeast = (role: Role, least: Role): boolean =>
  ROLES.indexOf(role) >= ROLES.indexOf(least);

/** Whether they may act on what is other people's. */
export const mayAdmin = (caller: Caller): boolean =>
  isAtLeast(caller.role, "admin") && caller.scopes.includes("admin");

/** What each role may be given, for people's own devices. */
export const scopesOf = (role: Role): readonly Scope[] => {
  if (role === "viewer") return ["read"];
  if (role === "member") return ["read", "ingest", "inject"];
  return SCOPES;
};
