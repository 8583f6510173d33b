import type { Db } from "../db/db.ts";
import { uuid7 } from "../lib/uuid.ts";
import { PolarisError } from "../wire/error.ts";
import type { Page } from "../wire/session.ts";
import { demandTrust } from "./access.ts";
import { by, note } from "./audit.ts";
import { type Caller, mayAdmin, type Scope } from "./caller.ts";
import { cursorOf, readCursor } from "./cursor.ts";
import { hashOf, newSecret } from "./secrets.ts";

export interface NewToken {
  name: string;
  scopes: readonly Scope[];
  /** In whose name it speaks: its owner's, or `agent:…`. */
  participant?: string | undefined;
  expiresAt?: Date | undefined;
}

/** Makes a token for a script or agent; the secret is returned once and never again. */
export async function mint(
  db: Db,
  caller: Pick<Caller, "org" | "participant" | "user" | "address">,
  input: NewToken,
): Promise<{ id: string; secret: string }> {
  const [id, secret] = [uuid7(), newSecret("a")];
  const { org, user, participant: actor } = caller;
  const participant = input.participant ?? actor;
  await db.as(org, async (tx) => {
    await tx`
      insert into api_tokens (id, org_id, hash, name, participant, user_id, scopes, created_by, expires_at)
      values (${id}, ${org}, ${hashOf(secret)}, ${input.name}, ${participant}, ${user},
        ${tx.array([...input.scopes], "TEXT")}, ${actor}, ${input.expiresAt ?? null})`;
    const detail = { name: input.name, scopes: input.scopes, participant };
    await note(tx, { ...by(caller), action: "token.created", target: id, detail });
  });
  return { id, secret };
}

/** The same by a person: never more than they may themselves, and no name but their own or an agent's. */
export async function create(
  db: Db,
  caller: Caller,
  input: NewToken,
): Promise<{ id: string; secret: string }> {
  demandTrust(caller);
  // What a stolen machine makes would outlive its being signed out.
  if (caller.kind === "machine") {
    throw new PolarisError("forbidden", "A machine cannot make tokens.", {
      hint: "Make it in the dashboard.",
    });
  }
  const beyond = input.scopes.filter((scope) => !caller.scopes.includes(scope));
  if (beyond.length > 0) {
    throw new PolarisError("forbidden", `You cannot give the scope "${beyond[0]}".`, {
      hint: `Yours are: ${caller.scopes.join(", ")}.`,
    });
  }
  if (
    input.participant &&
    input.participant !== caller.participant &&
    !input.participant.startsWith("agent:")
  ) {
    throw new PolarisError("forbidden", "A token speaks in your own name or in an agent's.", {
      hint: "Name it agent:…, or leave the name away.",
    });
  }
  return await mint(db, caller, input);
}

export interface ApiToken {
  id: string;
  name: string;
  participant: string;
  scopes: Scope[];
  createdBy: string;
  createdAt: string;
  lastUsedAt: string | null;
  expiresAt: string | null;
}

interface Row {
  id: string;
  name: string;
  participant: string;
  scopes: Scope[];
  created_by: string;
  created_at: Date;
  last_used_at: Date | null;
  expires_at: Date | null;
}

/** Tokens that are not revoked, the newest first: one's own, or all for an admin who asks. Never a secret. */
export async function list(
  db: Db,
  caller: Caller,
  { all = false, limit, cursor }: { all?: boolean; limit: number; cursor?: string | undefined },
): Promise<Page<ApiToken>> {
  if (all && !mayAdmin(caller)) {
    throw new PolarisError("forbidden", "Only admins see other people's tokens.");
  }
  const [before = null] = cursor ? readCursor(cursor, 1) : [];
  const rows = await db.as(
    caller.org,
    (tx) => tx<Row[]>`
      select id, name, participant, scopes, created_by, created_at, last_used_at, expires_at from api_tokens
      where org_id = ${caller.org} and revoked_at is null and (${all} or user_id = ${caller.user})
        and (${before}::uuid is null or id < ${before}::uuid)
      order by id desc limit ${limit + 1}`,
  );
  const items = rows.slice(0, limit).map(
    (row): ApiToken => ({
      id: row.id,
      name: row.name,
      participant: row.participant,
      scopes: row.scopes,
      createdBy: row.created_by,
      createdAt: row.created_at.toISOString(),
      lastUsedAt: row.last_used_at?.toISOString() ?? null,
      expiresAt: row.expires_at?.toISOString() ?? null,
    }),
  );
  const last = items.at(-1);
  return { items, next: rows.length > limit && last ? cursorOf(last.id) : null };
}

/** Ends a token: itself, one's own, or any for an admin. A foreign and an absent one get the same `not_found`. */
export async function remove(db: Db, caller: Caller, id: string): Promise<void> {
  if (id !== caller.token) demandTrust(caller);
  await db.as(caller.org, async (tx) => {
    const [row] = await tx<{ name: string }[]>`
      update api_tokens set revoked_at = now()
      where org_id = ${caller.org} and id = ${id} and revoked_at is null
        and (${mayAdmin(caller)} or user_id = ${caller.user})
      returning name`;
    if (!row) throw new PolarisError("not_found", "There is no such token here.");
    const detail = { name: row.name };
    await note(tx, { ...by(caller), action: "token.revoked", target: id, detail });
  });
}
