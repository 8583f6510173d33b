import type { Db } from "../db/db.ts";
import { uuid7 } from "../lib/uuid.ts";
import { hashOf, newSecret } from "./secrets.ts";

/** A browser is signed in for 30 days. */
export const BROWSER_SECONDS = 30 * 24 * 3600;

/** Signs a browser in and answers its cookie's secret. */
export async function openBrowser(
  db: Db,
  input: { org: string; user: string; name: string; address?: string | undefined },
): Promise<string> {
  const secret = newSecret("b");
  const expiresAt = new Date(Date.now() + BROWSER_SECONDS * 1000);
  await db.as(
    input.org,
    (tx) => tx`
      with used as (
        update memberships set used_at = now() where org_id = ${input.org} and user_id = ${input.user})
      insert into devices (id, org_id, user_id, kind, name, hash, last_address, expires_at)
      values (${uuid7()}, ${input.org}, ${input.user}, 'browser', ${input.name.slice(0, 200)}, ${hashOf(secret)},
        ${input.address ?? null}, ${expiresAt})`,
  );
  return secret;
}

/** Ends a device: its cookie and refresh tokens are worth nothing from now on. True when it was alive. */
export async function revoke(db: Db, org: string, device: string): Promise<boolean> {
  const rows = await db.as(
    org,
    (tx) => tx`
      update devices set revoked_at = now()
      where org_id = ${org} and id = ${device} and revoked_at is null returning id`,
  );
  return rows.length > 0;
}
