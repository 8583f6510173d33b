import { createHash } from "node:crypto";
import type { Tx } from "../db/db.ts";

/** One act, as the audit keeps it. */
export interface Act {
  org: string;
  actor: string;
  action: string;
  target?: string | undefined;
  detail?: Record<string, unknown> | undefined;
  address?: string | undefined;
}

/** Appends the act to the organisation's audit, inside the transaction of the act itself. */
export async function note(tx: Tx, act: Act): Promise<void> {
  await tx`select pg_advisory_xact_lock(hashtextextended(${act.org}, 7))`;
  const [last] = await tx<{ n: string; hash: Buffer }[]>`
    select n, hash from audit where org_id = ${act.org} order by n desc limit 1`;
  const n = Number(last?.n ?? 0) + 1;
  const at = new Date();
  const { org, actor, action, target = null, detail = {}, address = null } = act;
  const content = JSON.stringify([
    org,
    n,
    at.toISOString(),
    actor,
    action,
    target,
    detail,
    address,
  ]);
  const hash = createHash("sha256")
    .update(last?.hash ?? Buffer.alloc(0))
    .update(content)
    .digest();
  await tx`
    insert into audit (org_id, n, at, actor, action, target, detail, address, hash)
    values (${org}, ${n}, ${at}, ${actor}, ${action}, ${target}, ${detail}::jsonb, ${address}, ${hash})`;
}
