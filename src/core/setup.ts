import type { Tx } from "../db/db.ts";
import type { Setup } from "../wire/team.ts";

/** How far an organisation has come: a machine signed in, a first session, Slack where this server speaks to it. */
export async function setup(tx: Tx, org: string): Promise<Setup> {
  const [row] = await tx<{ machine: boolean; session: boolean; slack: boolean }[]>`
    select
      exists (select from devices where org_id = ${org} and kind = 'machine' and revoked_at is null) as machine,
      exists (select from sessions where org_id = ${org}) as session,
      to_regclass('slack_installations') is not null as slack`;
  const { machine = false, session = false } = row ?? {};
  // Whatever sent a session was set up, also with a token instead of a sign-in.
  return { machine: machine || session, session, slack: row?.slack ? await connected(tx) : null };
}

async function connected(tx: Tx): Promise<boolean> {
  const [row] = await tx<{ is: boolean }[]>`
    select exists (select from slack_installations where removed_at is null) as is`;
  return row?.is ?? false;
}
