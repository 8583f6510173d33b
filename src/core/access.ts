import type { Tx } from "../db/db.ts";
import { PolarisError } from "../wire/error.ts";
import { type Caller, isAtLeast, type Role, type Scope } from "./caller.ts";

/**
 * What a route asks of its caller. `public`: nothing. `self`: signed in, whoever. `read`, `ingest`, `inject`, `admin`:
 * the scope, and the role it takes. `owner`: an owner in person. `local`: the server's own machine, which can read the
 * key in the data directory.
 */
export const NEEDS = [
  "public",
  "self",
  "read",
  "ingest",
  "inject",
  "admin",
  "owner",
  "local",
] as const;
export type Needs = (typeof NEEDS)[number];

const ROLE_FOR: Record<Scope, Role> = {
  read: "viewer",
  ingest: "member",
  inject: "member",
  admin: "admin",
};

/** Throws `forbidden` unless the caller's role and scopes reach. */
export function demand(caller: Caller, needs: Exclude<Needs, "public" | "local">): void {
  if (needs === "self") return;
  const scope: Scope = needs === "owner" ? "admin" : needs;
  const role: Role = needs === "owner" ? "owner" : ROLE_FOR[needs];
  if (!isAtLeast(caller.role, role)) {
    throw new PolarisError("forbidden", `This takes the role ${role}; yours is ${caller.role}.`, {
      hint: "An owner or admin of the organisation can change roles.",
    });
  }
  if (!caller.scopes.includes(scope)) {
    throw new PolarisError("forbidden", `This token does not have the scope "${scope}".`, {
      hint: "Make a token that has it, under Tokens in the dashboard.",
    });
  }
}

/**
 * Which projects the caller may see, as a condition on `projects p`: part of every query, never a filter after it.
 * Owners and admins see private projects too; such a read is written into the audit.
 */
export const visible = (tx: Tx, caller: Caller) =>
  isAtLeast(caller.role, "admin") && caller.kind !== "api"
    ? tx`p.org_id = ${caller.org}`
    : tx`p.org_id = ${caller.org} and (p.visibility = 'org' or exists (
        select from project_members m where m.project_id = p.id and m.user_id = ${caller.user}))`;
