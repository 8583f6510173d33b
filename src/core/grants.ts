import { createHash, randomInt, timingSafeEqual } from "node:crypto";
import type { Db, Tx } from "../db/db.ts";
import { PolarisError } from "../wire/error.ts";
import { by, note } from "./audit.ts";
import type { Caller } from "./caller.ts";
import { end } from "./devices.ts";
import { type Grant, openMachine } from "./refresh.ts";
import { hashOf, newSecret, shown } from "./secrets.ts";

/** RFC 6749 §4.1.2 asks for ten minutes at most; a browser that redirects to its own machine needs a moment. */
const LOOPBACK_SECONDS = 60;
export const DEVICE_SECONDS = 600;
export const INTERVAL_SECONDS = 5;

/** RFC 8628 §6.1: consonants only, so that no two look alike and no word appears. 20^8 = 2.6e10 codes. */
const LETTERS = "BCDFGHJKLMNPQRSTVWXZ";

/** A browser has said yes: the one-time code that goes back to the machine by the redirect (RFC 8252). */
export async function openLoopback(
  db: Db,
  caller: Caller,
  input: { name: string; challenge: string; redirectUri: string },
): Promise<string> {
  const code = newSecret("g");
  const hash = hashOf(code);
  const expiresAt = new Date(Date.now() + LOOPBACK_SECONDS * 1000);
  await shown(
    db,
    hash,
    (tx) => tx`
      insert into grants (code_hash, kind, org_id, user_id, device_name, address, challenge, redirect_uri,
        expires_at, approved_at)
      values (${hash}, 'loopback', ${caller.org}, ${caller.user}, ${input.name}, ${caller.address ?? null},
        ${input.challenge}, ${input.redirectUri}, ${expiresAt}, now())`,
  );
  return code;
}

/** A machine without a browser asks: it polls with the one code, a person types the other (RFC 8628). */
export async function openDevice(
  db: Db,
  input: { name: string; address?: string | undefined },
): Promise<{ deviceCode: string; userCode: string }> {
  const deviceCode = newSecret("g");
  const hash = hashOf(deviceCode);
  const expiresAt = new Date(Date.now() + DEVICE_SECONDS * 1000);
  for (;;) {
    const userCode = Array.from({ length: 8 }, () => LETTERS[randomInt(LETTERS.length)]).join("");
    const made = await shown(db, hash, async (tx) => {
      await tx`delete from grants where expires_at < now() - interval '1 day'`;
      return await tx`
        insert into grants (code_hash, kind, user_code, device_name, address, expires_at, interval_s)
        values (${hash}, 'device', ${userCode}, ${input.name}, ${input.address ?? null}, ${expiresAt},
          ${INTERVAL_SECONDS})
        on conflict (user_code) do nothing returning 1`;
    });
    if (made.length > 0) return { deviceCode, userCode };
  }
}

/** What a person sees before they say yes. */
export interface Asking {
  userCode: string;
  name: string;
  address: string | null;
  askedAt: Date;
}

/** `bcdf-ghjk`, `BCDF GHJK` and `BCDFGHJK` are one code. */
export const plainCode = (text: string): string => text.toUpperCase().replace(/[^A-Z]/g, "");

/** The machine that waits under this code; undefined when there is none, or no longer. */
export async function asking(db: Db, userCode: string): Promise<Asking | undefined> {
  const [row] = await byUserCode(
    db,
    userCode,
    (tx, code) => tx<{ device_name: string; address: string | null; created_at: Date }[]>`
      select device_name, address, created_at from grants
      where user_code = ${code} and approved_at is null and denied_at is null and expires_at > now()`,
  );
  return (
    row && {
      userCode: plainCode(userCode),
      name: row.device_name,
      address: row.address,
      askedAt: row.created_at,
    }
  );
}

/** A person's yes or no. False when nothing waits under this code. */
export async function decide(
  db: Db,
  caller: Caller,
  userCode: string,
  isApproved: boolean,
): Promise<boolean> {
  const rows = await byUserCode(
    db,
    userCode,
    (tx, code) => tx`
      update grants set org_id = ${caller.org}, user_id = ${caller.user},
        approved_at = case when ${isApproved} then now() end, denied_at = case when ${isApproved} then null else now() end
      where user_code = ${code} and approved_at is null and denied_at is null and expires_at > now()
      returning device_name`,
  );
  const [row] = rows;
  if (!row || isApproved) return Boolean(row);
  const act = { action: "device.denied", detail: { name: String(row.device_name) } };
  await db.as(caller.org, (tx) => note(tx, { ...by(caller), ...act }));
  return true;
}

interface Row {
  kind: "loopback" | "device";
  org_id: string | null;
  user_id: string | null;
  device_name: string;
  challenge: string | null;
  redirect_uri: string | null;
  approved: boolean;
  denied: boolean;
  used: boolean;
  expired: boolean;
  hasty: boolean;
  device_id: string | null;
}

/** The loopback code for tokens. Shown twice, it was stolen: what it has become is signed out (RFC 6749 §10.5). */
export async function redeem(
  db: Db,
  input: { code: string; verifier: string; redirectUri: string; address?: string | undefined },
): Promise<Grant> {
  const { row, hash } = await take(db, input.code, "loopback", true);
  if (!row) throw refused("This code is not known here, or is over.");
  if (row.used) {
    if (row.org_id && row.device_id) await revokeOf(db, row.org_id, row.device_id, input.address);
    throw refused("This code was used already.");
  }
  const isRight =
    !row.expired && row.redirect_uri === input.redirectUri && proves(input.verifier, row.challenge);
  if (!isRight) throw refused("This code is over, or was asked for by another program.");
  return await open(db, hash, row, "loopback", input.address);
}

/** The device code for tokens, once the person has said yes. */
export async function poll(
  db: Db,
  input: { code: string; address?: string | undefined },
): Promise<Grant> {
  const { row, hash } = await take(db, input.code, "device", false);
  if (!row) throw refused("This device code is not known here.");
  if (row.used) {
    if (row.org_id && row.device_id) await revokeOf(db, row.org_id, row.device_id, input.address);
    throw refused("This device code was used already.");
  }
  if (row.denied) throw new PolarisError("access_denied", "The sign-in was refused.");
  if (row.expired) {
    throw new PolarisError("expired_token", "Nobody approved this machine in time.", {
      hint: "Begin again: polaris login --device",
    });
  }
  if (row.hasty) {
    throw new PolarisError("slow_down", "Ask less often: wait five seconds longer each time.");
  }
  if (!row.approved) {
    throw new PolarisError("authorization_pending", "Nobody has approved this machine yet.");
  }
  return await open(db, hash, row, "device", input.address);
}

/**
 * Reads the code's row and leaves a mark in it: a loopback code is spent by its first showing, right or wrong; a device
 * code notes the moment, and asks for five seconds more from who polls too often.
 */
async function take(db: Db, code: string, kind: Row["kind"], spends: boolean) {
  const hash = hashOf(code);
  const row = await shown(db, hash, async (tx) => {
    const [before] = await tx<Row[]>`
      select kind, org_id, user_id, device_name, challenge, redirect_uri, device_id,
        approved_at is not null as approved, denied_at is not null as denied, used_at is not null as used,
        expires_at < now() as expired,
        coalesce(polled_at > clock_timestamp() - interval_s * interval '1 second', false) as hasty
      from grants where code_hash = ${hash} and kind = ${kind} for update`;
    if (!before || before.used) return before;
    if (spends) await tx`update grants set used_at = now() where code_hash = ${hash}`;
    else {
      await tx`
        update grants set polled_at = clock_timestamp(), interval_s = interval_s + ${before.hasty ? 5 : 0}
        where code_hash = ${hash}`;
    }
    return before;
  });
  return { row, hash };
}

/** Makes the machine, once: of two that come at the same time, only one finds the grant without a device. */
async function open(
  db: Db,
  hash: Buffer,
  row: Row,
  via: string,
  address: string | undefined,
): Promise<Grant> {
  const { org_id: org, user_id: user, device_name: name } = row;
  if (!org || !user) throw refused("This code was never approved.");
  return await db.as(org, async (tx) => {
    await tx`select set_config('polaris.shown', ${hash.toString("hex")}, true)`;
    const [free] = await tx`
      select 1 from grants where code_hash = ${hash} and device_id is null for update`;
    if (!free) throw refused("This code was used already.");
    const grant = await openMachine(tx, { org, user, name, address, via });
    await tx`
      update grants set used_at = now(), device_id = ${grant.device}, user_code = null where code_hash = ${hash}`;
    return grant;
  });
}

async function revokeOf(
  db: Db,
  org: string,
  device: string,
  address: string | undefined,
): Promise<void> {
  await db.as(org, async (tx) => {
    if (!(await end(tx, org, device))) return;
    const [row] = await tx<{ participant: string }[]>`
      select p.participant from devices d
      join participants p on p.org_id = d.org_id and p.user_id = d.user_id where d.id = ${device}`;
    const actor = row?.participant ?? "user:unknown";
    await note(tx, { org, actor, action: "device.code_reused", target: device, address });
  });
}

function byUserCode<T>(
  db: Db,
  userCode: string,
  work: (tx: Tx, code: string) => Promise<T>,
): Promise<T> {
  const code = plainCode(userCode);
  return db.sql.begin(async (tx) => {
    await tx`select set_config('polaris.user_code', ${code}, true)`;
    return await work(tx, code);
  });
}

/** PKCE (RFC 7636), S256 alone. */
function proves(verifier: string, challenge: string | null): boolean {
  const ours = createHash("sha256").update(verifier).digest();
  const theirs = Buffer.from(challenge ?? "", "base64url");
  return ours.length === theirs.length && timingSafeEqual(ours, theirs);
}

const refused = (message: string): PolarisError =>
  new PolarisError("invalid_grant", message, { hint: "Begin again: polaris login" });
