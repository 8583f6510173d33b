import type { Db, Tx } from "../db/db.ts";
import { uuid7 } from "../lib/uuid.ts";
import { PolarisError } from "../wire/error.ts";
import { note } from "./audit.ts";
import { end } from "./devices.ts";
import { hashOf, newSecret, shown } from "./secrets.ts";

/** A machine that is not used for so long signs in anew. */
const LIFE_MS = 60 * 24 * 3600_000;

/** So long after its use a refresh token may be shown once more; see `rotate`. */
const GRACE_MS = 10_000;

/** A machine that is signed in, and what it renews its access with. */
export interface Grant {
  org: string;
  user: string;
  device: string;
  participant: string;
  refresh: string;
}

/** Signs a machine in: its device, and the first of its refresh tokens. Inside the caller's transaction. */
export async function openMachine(
  tx: Tx,
  input: { org: string; user: string; name: string; address?: string | undefined; via: string },
): Promise<Grant> {
  const { org, user, address } = input;
  const device = uuid7();
  const name = input.name.slice(0, 200);
  await tx`
    insert into devices (id, org_id, user_id, kind, name, last_address)
    values (${device}, ${org}, ${user}, 'machine', ${name}, ${address ?? null})`;
  const refresh = await issue(tx, org, device);
  const participant = await nameOf(tx, org, user);
  const detail = { name, via: input.via };
  await note(tx, {
    org,
    actor: participant,
    action: "device.signed_in",
    target: device,
    detail,
    address,
  });
  return { org, user, device, participant, refresh };
}

interface Shown {
  org_id: string;
  device_id: string;
}

interface Row {
  used_at: Date | null;
  next_hash: Buffer | null;
  retried_at: Date | null;
  expired: boolean;
  in_grace: boolean;
  next_unused: boolean;
  user_id: string;
  revoked: boolean;
}

/**
 * Gives the next refresh token for this one. Each is used once; one that is shown again is in two hands, and its whole
 * device is signed out.
 *
 * One exception: an answer that is lost on its way leaves an honest machine with a token that is used. So the same
 * token may be shown a second time, once, within ten seconds, while its successor has not been used; the lost successor
 * is then worth nothing. This gives a thief nothing that lasts: if the thief is the second, the machine's own
 * next refresh shows the voided successor, and if the machine is the second, the thief's does; either way the device is
 * signed out at that moment. A longer time would let a thief live until the machine's next refresh (15 minutes).
 */
export async function rotate(db: Db, secret: string, address?: string | undefined): Promise<Grant> {
  const hash = hashOf(secret);
  const [found] = await shown(
    db,
    hash,
    (tx) => tx<Shown[]>`select org_id, device_id from refresh_tokens where hash = ${hash}`,
  );
  if (!found) throw refused("This refresh token is not known here.");
  const { org_id: org, device_id: device } = found;
  const outcome = await db.as(org, async (tx): Promise<Grant | PolarisError> => {
    // One refresh at a time and device: of two that come at once, the second sees what the first has done.
    await tx`select 1 from devices where org_id = ${org} and id = ${device} for update`;
    const [row] = await tx<Row[]>`
      select t.used_at, t.next_hash, t.retried_at, t.expires_at < now() as expired,
        coalesce(t.used_at > clock_timestamp() - ${GRACE_MS} * interval '1 millisecond', false) as in_grace,
        n.hash is not null and n.used_at is null as next_unused,
        d.user_id, d.revoked_at is not null as revoked
      from refresh_tokens t join devices d on d.id = t.device_id
      left join refresh_tokens n on n.hash = t.next_hash
      where t.org_id = ${org} and t.hash = ${hash}`;
    if (!row || row.revoked) return refused("This machine was signed out.");
    if (row.expired) return refused("This machine was not used for too long.");
    const participant = await memberOf(tx, org, row.user_id);
    if (!participant) return refused("This machine's person is no longer a member.");
    if (row.used_at) {
      const isLostAnswer = row.in_grace && row.next_unused && !row.retried_at;
      if (!isLostAnswer) {
        await end(tx, org, device);
        const act = { actor: participant, action: "device.token_reused", target: device };
        await note(tx, { org, ...act, address });
        return refused("A refresh token of this machine was used twice; it is signed out.");
      }
      await tx`update refresh_tokens set used_at = now() where hash = ${row.next_hash}`;
    }
    const refresh = await issue(tx, org, device);
    await tx`
      update refresh_tokens set used_at = coalesce(used_at, clock_timestamp()), next_hash = ${hashOf(refresh)},
        retried_at = case when used_at is null then null else now() end
      where hash = ${hash}`;
    await tx`
      update devices set last_used_at = now(), last_address = coalesce(${address ?? null}, last_address)
      where org_id = ${org} and id = ${device}`;
    return { org, user: row.user_id, device, participant, refresh };
  });
  // Thrown only here: inside, it would undo the sign-out together with the transaction.
  if (outcome instanceof PolarisError) throw outcome;
  return outcome;
}

/** Signs out the machine that holds this refresh token; says nothing about unknown ones (RFC 7009). */
export async function forget(db: Db, secret: string, address?: string | undefined): Promise<void> {
  const hash = hashOf(secret);
  const [found] = await shown(
    db,
    hash,
    (tx) => tx<Shown[]>`select org_id, device_id from refresh_tokens where hash = ${hash}`,
  );
  if (!found) return;
  const { org_id: org, device_id: device } = found;
  await db.as(org, async (tx) => {
    const [row] = await tx<{ user_id: string }[]>`
      select user_id from devices where org_id = ${org} and id = ${device}`;
    if (!row || !(await end(tx, org, device))) return;
    const actor = await nameOf(tx, org, row.user_id);
    await note(tx, { org, actor, action: "device.signed_out", target: device, address });
  });
}

async function issue(tx: Tx, org: string, device: string): Promise<string> {
  const refresh = newSecret("r");
  const expiresAt = new Date(Date.now() + LIFE_MS);
  await tx`
    insert into refresh_tokens (hash, org_id, device_id, expires_at)
    values (${hashOf(refresh)}, ${org}, ${device}, ${expiresAt})`;
  await tx`update devices set expires_at = ${expiresAt} where org_id = ${org} and id = ${device}`;
  await tx`delete from refresh_tokens where device_id = ${device} and expires_at < now()`;
  return refresh;
}

async function memberOf(tx: Tx, org: string, user: string): Promise<string | undefined> {
  const [row] = await tx<{ participant: string }[]>`
    select p.participant from memberships m
    join participants p on p.org_id = m.org_id and p.user_id = m.user_id
    join users u on u.id = m.user_id and u.disabled_at is null
    where m.org_id = ${org} and m.user_id = ${user} and m.removed_at is null`;
  return row?.participant;
}

async function nameOf(tx: Tx, org: string, user: string): Promise<string> {
  const participant = await memberOf(tx, org, user);
  if (!participant) throw refused("This person is no longer a member.");
  return participant;
}

const refused = (message: string): PolarisError =>
  new PolarisError("invalid_grant", message, { hint: "Sign in again: polaris login" });
