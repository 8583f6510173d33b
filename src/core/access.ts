import type { Sql, Tx } from "../db/db.ts";
import { PolarisError } from "../wire/error.ts";
import { by, noteHourly } from "./audit.ts";
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

/** Throws `forbidden` for an API token without the scope admin: what else its person is signed in on is not its business. */
export function demandTrust(caller: Caller): void {
  if (caller.kind !== "api" || caller.scopes.includes("admin")) return;
  throw new PolarisError("forbidden", "This token changes nobody's devices and tokens.", {
    hint: "Do it in the dashboard, or with a token that has the scope admin.",
  });
}

/** Owners and admins in person see private projects too; such a read is written into the audit (`seen`). */
const seesAll = (caller: Caller): boolean =>
  isAtLeast(caller.role, "admin") && caller.kind !== "api";

/** Whether the caller is a member of `projects p`: an expression for a query. */
export const isMember = (tx: Sql, caller: Caller) => tx`exists (
  select from project_members m where m.project_id = p.id and m.user_id = ${caller.user})`;

/** Which projects the caller may see, as a condition on `projects p`: part of every query, never a filter after it. */
export const visible = (tx: Sql, caller: Caller) =>
  seesAll(caller)
    ? tx`p.org_id = ${caller.org}`
    : tx`p.org_id = ${caller.org} and (p.visibility = 'org' or ${isMember(tx, caller)})`;

/** The condition that this project is inside the caller's access: looked up once a statement, not once a row. */
export const within = (tx: Tx, caller: Caller, project: string) => tx`exists (
  select from projects p where p.id = ${project} and ${visible(tx, caller)})`;

/** The same words for a project that is absent, somebody else's, or private: nothing tells which. */
export const absent = (slug: string): PolarisError =>
  new PolarisError("not_found", `There is no project "${slug}" here.`, {
    hint: "GET /projects lists those you may see; POST /projects makes one.",
  });

/**
 * Locks the project for what is written into it and answers its last seq, or throws `absent`. "no key": a plain `for
 * update` deadlocks with the share lock that inserting a session takes on its project.
 */
export async function enter(
  tx: Tx,
  caller: Caller,
  project: { id: string; slug: string },
): Promise<number> {
  const [row] = await tx<{ last_seq: string }[]>`
    select p.last_seq from projects p
    where p.id = ${project.id} and p.archived_at is null and ${visible(tx, caller)} for no key update`;
  if (!row) throw absent(project.slug);
  return Number(row.last_seq);
}

/** Writes down that somebody read a private project they are no member of: once per person, project and hour. */
export async function seen(
  tx: Tx,
  caller: Caller,
  project: { slug: string; visibility: "org" | "private"; member: boolean },
): Promise<void> {
  if (project.visibility === "org" || project.member) return;
  await noteHourly(tx, { ...by(caller), action: "project.read", target: project.slug });
}
