import type { Db, Tx } from "../db/db.ts";
import { note } from "./audit.ts";
import { asUser } from "./people.ts";

/** Ends what a person is signed in on in one organisation: browsers and machines, and API tokens unless they stay. */
export async function endIn(
  tx: Tx,
  org: string,
  user: string,
  { tokens = true } = {},
): Promise<number> {
  const gone = await tx`
    update devices set revoked_at = now()
    where org_id = ${org} and user_id = ${user} and revoked_at is null returning id`;
  if (tokens) {
    await tx`
      update api_tokens set revoked_at = now()
      where org_id = ${org} and user_id = ${user} and revoked_at is null`;
  }
  return gone.length;
}

/** The same in every organisation of theirs; each that loses a device writes it down. */
export async function endAll(
  db: Db,
  user: string,
  { tokens = true, address }: { tokens?: boolean; address?: string | undefined } = {},
): Promise<void> {
  const orgs = await asUser(
    db,
    user,
    (tx) => tx<{ org_id: string }[]>`select org_id from memberships where user_id = ${user}`,
  );
  for (const { org_id: org } of orgs) {
    await db.as(org, async (tx) => {
      const devices = await endIn(tx, org, user, { tokens });
      if (devices === 0) return;
      const [row] = await tx<{ participant: string }[]>`
        select participant from participants where org_id = ${org} and user_id = ${user}`;
      const actor = row?.participant ?? "user:unknown";
      const act = { action: "device.all_revoked", detail: { devices, tokens } };
      await note(tx, { org, actor, ...act, address });
    });
  }
}
