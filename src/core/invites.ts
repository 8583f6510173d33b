import type { Db } from "../db/db.ts";
import { PolarisError } from "../wire/error.ts";
import type { Invite } from "../wire/org.ts";
import type { Page } from "../wire/session.ts";
import { by, note } from "./audit.ts";
import type { Caller, Role } from "./caller.ts";
import { cursorOf, readCursor } from "./cursor.ts";
import * as links from "./links.ts";

/** Makes an invitation: the link's secret is answered once. Only owners invite owners. */
export async function make(
  db: Db,
  caller: Caller,
  input: { email?: string | undefined; role: Role },
): Promise<Invite & { secret: string }> {
  if (input.role === "owner" && (caller.role !== "owner" || caller.kind === "api")) {
    throw new PolarisError("forbidden", "Only an owner makes owners.", {
      hint: "Invite them as admin, or ask an owner.",
    });
  }
  const { org, participant: createdBy } = caller;
  return db.as(org, async (tx) => {
    const email = input.email?.toLowerCase();
    const link = await links.write(tx, { kind: "invite", org, role: input.role, email, createdBy });
    const detail = { role: input.role, email: email ?? null };
    const act = { action: "invite.made", target: link.id, detail };
    await note(tx, { ...by(caller), ...act });
    const expiresAt = link.expiresAt.toISOString();
    const { id, secret } = link;
    return { id, email: email ?? null, role: input.role, createdBy, expiresAt, secret };
  });
}

/** Invitations that still open, newest first; without their secrets, which nobody has any more. */
export async function list(
  db: Db,
  caller: Caller,
  { limit, cursor }: { limit: number; cursor?: string | undefined },
): Promise<Page<Invite>> {
  const [before = null] = cursor ? readCursor(cursor, 1) : [];
  const rows = await db.as(
    caller.org,
    (tx) => tx<(Omit<Invite, "expiresAt"> & { expires_at: Date })[]>`
      select id, email, role, created_by as "createdBy", expires_at from links
      where org_id = ${caller.org} and kind = 'invite' and created_by is not null
        and used_at is null and revoked_at is null and expires_at > now()
        and (${before}::text is null or id < ${before}::text::uuid)
      order by id desc limit ${limit + 1}`,
  );
  const items = rows.slice(0, limit).map(({ expires_at, ...row }) => ({
    ...row,
    expiresAt: expires_at.toISOString(),
  }));
  const last = items.at(-1);
  return { items, next: rows.length > limit && last ? cursorOf(last.id) : null };
}

export async function revoke(db: Db, caller: Caller, id: string): Promise<void> {
  await db.as(caller.org, async (tx) => {
    const rows = await tx`
      update links set revoked_at = now()
      where org_id = ${caller.org} and id::text = ${id} and kind = 'invite'
        and used_at is null and revoked_at is null returning 1`;
    if (rows.length === 0) {
      throw new PolarisError("not_found", "This invitation is not open any more.", {
        hint: "GET /orgs/invites lists those that are.",
      });
    }
    const act = { action: "invite.revoked", target: id };
    await note(tx, { ...by(caller), ...act });
  });
}
