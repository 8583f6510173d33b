import type { Db } from "../db/db.ts";
import { PolarisError } from "../wire/error.ts";
import { type Caller, type Role, type Scope, scopesOf } from "./caller.ts";
import { hashOf, shown } from "./secrets.ts";

interface Row {
  kind: "browser" | "machine" | "api";
  id: string;
  org_id: string;
  user_id: string;
  participant: string | null;
  scopes: Scope[] | null;
  revoked: boolean;
  expired: boolean;
}

/** What a verified access token says; who may what is read from the database, never from it. */
export interface Claims {
  device: string;
  org: string;
  user: string;
  /** When it ends, in milliseconds. */
  until: number;
}

/** Checks an access token's signature, kind and time; throws one of the `token_…` codes. */
export type Verify = (token: string) => Promise<Claims>;

/** How long a found secret is remembered: a busy stream of batches costs one look-up in it, a revoked one lives it out. */
const REMEMBER_MS = 1000;

/** So many secrets are remembered at most; more means somebody is trying them out. */
const REMEMBER = 10_000;

/**
 * Who shows this secret: a browser's cookie (`pol_b_`), an API token (`pol_a_`), or a machine's access token (a JWT).
 * Throws `unauthenticated` or one of the `token_…` codes. A JWT is verified once and then known by its hash until it
 * ends (verifying costs about 100 µs); its device is looked at like every other secret, so that revoking it counts
 * everywhere within a second.
 */
export function startIdentify(db: Db, verify: Verify = () => Promise.reject(invalid())) {
  const known = new Map<string, { caller: Caller; until: number }>();
  const verified = new Map<string, Claims>();
  const listeners = new Set<() => void>();

  async function claimsOf(token: string, key: string): Promise<Claims> {
    const before = verified.get(key);
    if (before && before.until > Date.now()) return before;
    verified.delete(key);
    const claims = await verify(token);
    if (verified.size > REMEMBER) verified.clear();
    verified.set(key, claims);
    return claims;
  }

  const machineOf = ({ org, device, user }: Claims): Promise<Row[]> =>
    db.as(
      org,
      (tx) => tx<Row[]>`
        with used as (
          update devices set last_used_at = now()
          where org_id = ${org} and id = ${device} and last_used_at < now() - interval '1 minute')
        select 'machine' as kind, id, org_id, user_id, null as participant, null::text[] as scopes,
          revoked_at is not null as revoked, coalesce(expires_at < now(), false) as expired
        from devices
        where org_id = ${org} and id = ${device} and user_id = ${user} and kind = 'machine'`,
    );

  function shownBy(secret: string): Promise<Row[]> {
    const hash = hashOf(secret);
    // Last use is noted to the minute: a write for every request would cost more than it tells.
    return shown(db, hash, (tx) =>
      secret.startsWith("pol_b_")
        ? tx<Row[]>`
            with used as (
              update devices set last_used_at = now()
              where hash = ${hash} and last_used_at < now() - interval '1 minute')
            select 'browser' as kind, id, org_id, user_id, null as participant, null::text[] as scopes,
              revoked_at is not null as revoked, expires_at <= now() as expired
            from devices where hash = ${hash} and kind = 'browser'`
        : tx<Row[]>`
            with used as (
              update api_tokens set last_used_at = now()
              where hash = ${hash} and coalesce(last_used_at, '-infinity') < now() - interval '1 minute')
            select 'api' as kind, id, org_id, user_id, participant, scopes,
              revoked_at is not null as revoked, coalesce(expires_at <= now(), false) as expired
            from api_tokens where hash = ${hash}`,
    );
  }

  async function callerOf(row: Row | undefined): Promise<Caller> {
    if (!row) throw invalid();
    if (row.revoked) throw over("token_revoked", "signed out");
    if (row.expired) throw over("token_expired", "over");
    const [member] = await db.as(
      row.org_id,
      (tx) => tx<{ role: Role; participant: string }[]>`
        select m.role, p.participant from memberships m
        join participants p on p.org_id = m.org_id and p.user_id = m.user_id
        join users u on u.id = m.user_id and u.disabled_at is null
        where m.org_id = ${row.org_id} and m.user_id = ${row.user_id} and m.removed_at is null`,
    );
    if (!member) throw over("token_revoked", "signed out");
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
      const isJwt = secret.startsWith("eyJ");
      if (!isJwt && !/^pol_[ab]_[\w-]{43}$/.test(secret)) throw invalid();
      const key = hashOf(secret).toString("hex");
      const hit = known.get(key);
      if (hit && hit.until > Date.now()) return hit.caller;
      known.delete(key);
      const claims = isJwt ? await claimsOf(secret, key) : undefined;
      // Counted from before the look: what is revoked while it runs may not live longer than this either.
      const until = Math.min(Date.now() + REMEMBER_MS, claims?.until ?? Number.POSITIVE_INFINITY);
      const [row] = await (claims ? machineOf(claims) : shownBy(secret));
      const caller = await callerOf(row);
      if (known.size > REMEMBER) known.clear();
      known.set(key, { caller, until });
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

const over = (code: "token_revoked" | "token_expired", how: string): PolarisError =>
  new PolarisError(code, `This token is ${how}.`, {
    hint: "Sign in again: polaris login, or the dashboard.",
  });

const invalid = (): PolarisError =>
  new PolarisError("unauthenticated", "This token is not valid here.", {
    hint: "It may be over or revoked. Sign in again: polaris login, or the dashboard.",
  });
