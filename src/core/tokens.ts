import { createHash, randomBytes } from "node:crypto";
import type { Db, Tx } from "../db/db.ts";
import { uuid7 } from "../lib/uuid.ts";
import { PolarisError } from "../wire/error.ts";
import type { Participant } from "../wire/participant.ts";
import type { Caller } from "./caller.ts";

/** 256 random bits with a prefix that secret scanners can find. Only the SHA-256 is stored. */
export const newSecret = (kind: "o" | "w" | "a" | "c"): string =>
  `pol_${kind}_${randomBytes(32).toString("base64url")}`;

export const hashOf = (secret: string): Buffer => createHash("sha256").update(secret).digest();

/** Stores a token's hash; the secret is returned once and never again. */
export async function mint(
  db: Db,
  input: {
    org: string;
    participant: Participant;
    kind: Caller["kind"];
    expiresAt?: Date;
    secret?: string;
  },
): Promise<string> {
  const secret =
    input.secret ?? newSecret(input.kind === "owner" ? "o" : input.kind === "web" ? "w" : "a");
  await db.as(input.org, async (tx) => {
    await tx`
      insert into tokens (id, org_id, hash, kind, participant, expires_at)
      values (${uuid7()}, ${input.org}, ${hashOf(secret)}, ${input.kind}, ${input.participant}, ${input.expiresAt ?? null})
      on conflict (hash) do nothing`;
  });
  return secret;
}

/**
 * Who shows this token. Found ones are remembered for a second, so that a busy stream of batches costs one look-up a
 * second and a revoked token lives a second at most.
 */
export function startTokens(db: Db) {
  const known = new Map<string, { caller: Caller; until: number }>();
  return {
    async verify(secret: string): Promise<Caller> {
      const hash = hashOf(secret);
      const key = hash.toString("hex");
      const hit = known.get(key);
      if (hit && hit.until > Date.now()) return hit.caller;
      known.delete(key);
      const [row] = await db.sql.begin(async (tx) => {
        const shown = tx`select set_config('polaris.shown', ${key}, true)`.execute();
        const found = tx<
          { id: string; org_id: string; kind: Caller["kind"]; participant: string }[]
        >`
          select id, org_id, kind, participant from tokens
          where hash = ${hash} and revoked_at is null and (expires_at is null or expires_at > now())`;
        return (await Promise.all([shown, found]))[1];
      });
      if (!row) {
        throw new PolarisError("unauthenticated", "This token is not valid here.", {
          hint: "Sign in again, or use the token in owner.token of the server's data directory.",
        });
      }
      const caller = {
        org: row.org_id,
        participant: row.participant,
        kind: row.kind,
        token: row.id,
      };
      if (known.size > 10_000) known.clear();
      known.set(key, { caller, until: Date.now() + 1000 });
      return caller;
    },
    /** Ends one token: a browser's at sign-out. */
    async revoke(caller: Caller): Promise<void> {
      await db.as(
        caller.org,
        (tx) => tx`update tokens set revoked_at = now() where id = ${caller.token}`,
      );
      for (const [key, entry] of known) if (entry.caller.token === caller.token) known.delete(key);
    },
  };
}
export type Tokens = ReturnType<typeof startTokens>;

const CLAIM_MINUTES = 15;

/** Makes a one-time sign-in code: 15 minutes, one use. */
export async function offer(db: Db, caller: Pick<Caller, "org" | "participant">): Promise<string> {
  const code = newSecret("c");
  const expiresAt = new Date(Date.now() + CLAIM_MINUTES * 60_000);
  await db.as(caller.org, async (tx) => {
    await tx`delete from claims where expires_at < now() - interval '1 day'`;
    await tx`
      insert into claims (hash, org_id, participant, expires_at)
      values (${hashOf(code)}, ${caller.org}, ${caller.participant}, ${expiresAt})`;
  });
  return code;
}

/** Turns a sign-in code into a browser session of 30 days. Throws `code_used` (used, expired or unknown). */
export async function claim(db: Db, code: string): Promise<string> {
  const hash = hashOf(code);
  const [row] = await db.sql.begin(async (tx: Tx) => {
    const shown = tx`select set_config('polaris.shown', ${hash.toString("hex")}, true)`.execute();
    const used = tx<{ org_id: string; participant: string }[]>`
      update claims set used_at = now()
      where hash = ${hash} and used_at is null and expires_at > now()
      returning org_id, participant`;
    return (await Promise.all([shown, used]))[1];
  });
  if (!row) {
    throw new PolarisError(
      "code_used",
      "This sign-in link was used already, or its 15 minutes are over.",
      {
        hint: "Run polaris serve --claim on the server for a new one.",
      },
    );
  }
  const expiresAt = new Date(Date.now() + 30 * 24 * 3600_000);
  return mint(db, { org: row.org_id, participant: row.participant, kind: "web", expiresAt });
}
