import type { Db } from "../db/db.ts";
import { uuid7 } from "../lib/uuid.ts";
import type { Caller, Scope } from "./caller.ts";
import { hashOf, newSecret } from "./secrets.ts";

/** Makes a token for a script or agent; the secret is returned once and never again. */
export async function mint(
  db: Db,
  caller: Pick<Caller, "org" | "participant" | "user">,
  input: { name: string; scopes: readonly Scope[]; participant?: string; expiresAt?: Date },
): Promise<{ id: string; secret: string }> {
  const [id, secret] = [uuid7(), newSecret("a")];
  await db.as(
    caller.org,
    (tx) => tx`
      insert into api_tokens (id, org_id, hash, name, participant, user_id, scopes, created_by, expires_at)
      values (${id}, ${caller.org}, ${hashOf(secret)}, ${input.name}, ${input.participant ?? caller.participant},
        ${caller.user}, ${tx.array([...input.scopes], "TEXT")}, ${caller.participant}, ${input.expiresAt ?? null})`,
  );
  return { id, secret };
}
