import type { Tx } from "../db/db.ts";
import { type Caller, type Role, type Scope, scopesOf } from "./caller.ts";

/**
 * The same caller as of now: undefined when the device or token was revoked or is over, or the person was removed or
 * disabled; otherwise with the role and scopes of today. For what lasts longer than a request.
 */
export async function standing(tx: Tx, caller: Caller): Promise<Caller | undefined> {
  const alive = tx`revoked_at is null and (expires_at is null or expires_at > now())`;
  const scopes =
    caller.kind === "api"
      ? tx`select scopes from api_tokens where id = ${caller.token} and ${alive}`
      : tx`select null::text[] as scopes from devices where id = ${caller.token} and ${alive}`;
  const [row] = await tx<{ role: Role; scopes: Scope[] | null }[]>`
    select m.role, t.scopes from memberships m
    join users u on u.id = m.user_id and u.disabled_at is null
    join (${scopes}) t on true
    where m.org_id = ${caller.org} and m.user_id = ${caller.user} and m.removed_at is null`;
  if (!row) return undefined;
  const allowed = scopesOf(row.role);
  const given = row.scopes?.filter((scope) => allowed.includes(scope)) ?? allowed;
  return { ...caller, role: row.role, scopes: given };
}
