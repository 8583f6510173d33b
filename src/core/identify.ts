import type { Db } from "../db/db.ts";
import { PolarisError } from "../wire/error.ts";
import { type Caller, type Role, type Scope, scopesOf } from "./caller.ts";
import { hashOf, shown } from "./secrets.ts";

interface Row {
  kind: "browser" | "api";
  id: string;
  org_id: string;
  user_id: string;
  participant: string | null;
  scopes: Scope[] | null;
}

/** How long a found secret is remembered: a busy stream of batches costs one look-up in it, a revoked one lives it out. */
const REMEMBER_MS = 1000;

/** Who shows this secret: a browser's cookie (`pol_b_`) or an API token (`pol_a_`). Throws `unauthenticated`. */
export function startIdentify(db: Db) {
  const known = new Map<string, { caller: Caller; until: number }>();
  const listeners = new Set<() => void>();

  async function look(secret: string): Promise<Caller> {
    const hash = hashOf(secret);
    // Last use is noted to the minute: a write for every request would cost more than it tells.
    const [row] = await shown(db, hash, (tx) =>
      secret.startsWith("pol_b_")
        ? tx<Row[]>`
            with used as (
              update devices set last_used_at = now()
              where hash = ${hash} and last_used_at < now() - interval '1 minute')
            select 'browser' as kind, id, org_id, user_id, null as participant, null::text[] as scopes
            from devices
            where hash = ${hash} and kind = 'browser' and revoked_at is null and expires_at > now()`
        : tx<Row[]>`
            with used as (
              update api_tokens set last_used_at = now()
              where hash = ${hash} and coalesce(last_used_at, '-infinity') < now() - interval '1 minute')
            select 'api' as kind, id, org_id, user_id, participant, scopes
            from api_tokens
            where hash = ${hash} and revoked_at is null and (expires_at is null or expires_at > now())`,
    );
    if (!row) throw invalid();
    const [member] = await db.as(
      row.org_id,
      (tx) => tx<{ role: Role; participant: string }[]>`
        select m.role, p.participant from memberships m
        join participants p on p.org_id = m.org_id and p.user_id = m.user_id
        join users u on u.id = m.user_id and u.disabled_at is null
        where m.org_id = ${row.org_id} and m.user_id = ${row.user_id} and m.removed_at is null`,
    );
    if (!member) throw invalid();
    const allowed = scopesOf(member.role);
    return {
      org: row.org_id,
      user: row.user_id,
      participant: row.participant ?? member.participant,
      role: member.role,
      scopes: row.scopes ? row.scopes.filter((scope) => allowed.includes(scope)) : allowed,
      kind: row.kind,
      token: row.id,
    };
  }

  return {
    async identify(secret: string): Promise<Caller> {
      if (!/^pol_[ab]_[\w-]{43}$/.test(secret)) throw invalid();
      const key = hashOf(secret).toString("hex");
      const hit = known.get(key);
      if (hit && hit.until > Date.now()) return hit.caller;
      known.delete(key);
      const caller = await look(secret);
      if (known.size > 10_000) known.clear();
      known.set(key, { caller, until: Date.now() + REMEMBER_MS });
      return caller;
    },
    /**
     * Forgets everybody: after a revocation or a change of roles nothing old is remembered here. `quietly` when it is
     * another process that said so.
     */
    forget({ quietly = false } = {}): void {
      known.clear();
      if (!quietly) for (const listener of listeners) listener();
    },
    onForget(listener: () => void): void {
      listeners.add(listener);
    },
  };
}
export type Identify = ReturnType<typeof startIdentify>;

const invalid = (): PolarisError =>
  new PolarisError("unauthenticated", "This token is not valid here.", {
    hint: "It may be over or revoked. Sign in again: polaris login, or the dashboard.",
  });
