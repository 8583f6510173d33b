import type { Db, Tx } from "../db/db.ts";
import { uuid7 } from "../lib/uuid.ts";
import { PolarisError } from "../wire/error.ts";
import type { Page } from "../wire/session.ts";
import { demandTrust } from "./access.ts";
import { by, note } from "./audit.ts";
import { type Caller, mayAdmin } from "./caller.ts";
import { cursorOf, readCursor } from "./cursor.ts";
import { hashOf, newSecret } from "./secrets.ts";

/** A browser is signed in for 30 days. */
export const BROWSER_SECONDS = 30 * 24 * 3600;

/** Signs a browser in and answers its cookie's secret. */
export async function openBrowser(
  db: Db,
  input: { org: string; user: string; name: string; address?: string | undefined },
): Promise<string> {
  const { org, user, address } = input;
  const [id, secret, name] = [uuid7(), newSecret("b"), input.name.slice(0, 200)];
  const expiresAt = new Date(Date.now() + BROWSER_SECONDS * 1000);
  await db.as(org, async (tx) => {
    const [row] = await tx<{ participant: string }[]>`
      with used as (update memberships set used_at = now() where org_id = ${org} and user_id = ${user}),
      made as (
        insert into devices (id, org_id, user_id, kind, name, hash, last_address, expires_at)
        values (${id}, ${org}, ${user}, 'browser', ${name}, ${hashOf(secret)}, ${address ?? null}, ${expiresAt}))
      select participant from participants where org_id = ${org} and user_id = ${user}`;
    const actor = row?.participant ?? "user:unknown";
    const detail = { name, via: "browser" };
    await note(tx, { org, actor, action: "device.signed_in", target: id, detail, address });
  });
  return secret;
}

/** Ends a device: its cookie and refresh tokens are worth nothing from now on. True when it was alive. */
export async function revoke(db: Db, org: string, device: string): Promise<boolean> {
  return await db.as(org, (tx) => end(tx, org, device));
}

/** Ends the device the caller came with. An API token is no device: it stays what it is. */
export async function signOut(db: Db, caller: Caller): Promise<void> {
  const { org, participant: actor, token, address } = caller;
  if (caller.kind === "api") return;
  await db.as(org, async (tx) => {
    const ended = await end(tx, org, token);
    if (ended) await note(tx, { org, actor, action: "device.signed_out", target: token, address });
  });
}

/** The same inside a transaction of the caller's. */
export async function end(tx: Tx, org: string, device: string): Promise<boolean> {
  const rows = await tx`
    update devices set revoked_at = now()
    where org_id = ${org} and id = ${device} and revoked_at is null returning id`;
  return rows.length > 0;
}

export interface Device {
  id: string;
  kind: "browser" | "machine";
  name: string;
  participant: string;
  createdAt: string;
  lastUsedAt: string;
  lastAddress: string | null;
  expiresAt: string | null;
  /** The one that asks. */
  isThis: boolean;
}

interface Row {
  id: string;
  kind: Device["kind"];
  name: string;
  participant: string;
  created_at: Date;
  last_used_at: Date;
  last_address: string | null;
  expires_at: Date | null;
}

/** What people are signed in on, the newest first: one's own, or everybody's for an admin who asks for `all`. */
export async function list(
  db: Db,
  caller: Caller,
  { all = false, limit, cursor }: { all?: boolean; limit: number; cursor?: string | undefined },
): Promise<Page<Device>> {
  if (all && !mayAdmin(caller)) {
    throw new PolarisError("forbidden", "Only admins see other people's devices.");
  }
  const [before = null] = cursor ? readCursor(cursor, 1) : [];
  const rows = await db.as(
    caller.org,
    (tx) => tx<Row[]>`
      select d.id, d.kind, d.name, p.participant, d.created_at, d.last_used_at, d.last_address, d.expires_at
      from devices d join participants p on p.org_id = d.org_id and p.user_id = d.user_id
      where d.org_id = ${caller.org} and d.revoked_at is null and (d.expires_at is null or d.expires_at > now())
        and (${all} or d.user_id = ${caller.user}) and (${before}::uuid is null or d.id < ${before}::uuid)
      order by d.id desc limit ${limit + 1}`,
  );
  const items = rows.slice(0, limit).map(
    (row): Device => ({
      id: row.id,
      kind: row.kind,
      name: row.name,
      participant: row.participant,
      createdAt: row.created_at.toISOString(),
      lastUsedAt: row.last_used_at.toISOString(),
      lastAddress: row.last_address,
      expiresAt: row.expires_at?.toISOString() ?? null,
      isThis: row.id === caller.token,
    }),
  );
  const last = items.at(-1);
  return { items, next: rows.length > limit && last ? cursorOf(last.id) : null };
}

/** Signs a device out: one's own, or anybody's for an admin. A foreign and an absent one get the same `not_found`. */
export async function remove(db: Db, caller: Caller, id: string): Promise<void> {
  demandTrust(caller);
  await db.as(caller.org, async (tx) => {
    const [row] = await tx<{ name: string; participant: string }[]>`
      select d.name, p.participant from devices d
      join participants p on p.org_id = d.org_id and p.user_id = d.user_id
      where d.org_id = ${caller.org} and d.id = ${id} and d.revoked_at is null
        and (${mayAdmin(caller)} or d.user_id = ${caller.user})`;
    if (!row || !(await end(tx, caller.org, id))) {
      throw new PolarisError("not_found", "There is no such device here.");
    }
    const detail = { name: row.name, of: row.participant };
    await note(tx, { ...by(caller), action: "device.revoked", target: id, detail });
  });
}
