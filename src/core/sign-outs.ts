import type { Db } from "../db/db.ts";
import { asUser } from "./people.ts";

/** Ends whatever a person is signed in on, in every organisation: browsers, machines and API tokens. */
export async function endAll(db: Db, user: string, { tokens = true } = {}): Promise<void> {
  const orgs = await asUser(
    db,
    user,
    (tx) => tx<{ org_id: string }[]>`select org_id from memberships where user_id = ${user}`,
  );
  for (const { org_id } of orgs) {
    await db.as(org_id, async (tx) => {
      await tx`
        update devices set revoked_at = now()
        where org_id = ${org_id} and user_id = ${user} and revoked_at is null`;
      if (!tokens) return;
      await tx`
        update api_tokens set revoked_at = now()
        where org_id = ${org_id} and user_id = ${user} and revoked_at is null`;
    });
  }
}
