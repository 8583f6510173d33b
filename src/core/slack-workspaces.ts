/**
 * Which workspaces are connected, as bridges see them: across organisations. The setting polaris.bridge opens four
 * tables (installations, apps, inbox, leases) to this room alone; everything else is done inside one organisation.
 */
import type { Db, Tx } from "../db/db.ts";
import { type SealKeys, unseal } from "./seal.ts";

/** One transaction of a bridge, which serves all organisations. */
export function asBridge<T>(db: Db, work: (tx: Tx) => Promise<T>): Promise<T> {
  return db.sql.begin(async (tx) => {
    const set = tx`select set_config('polaris.bridge', 'on', true)`.execute();
    return (await Promise.all([set, work(tx)]))[1];
  });
}

/** A workspace that may be written to. */
export interface Workspace {
  id: string;
  org: string;
  clientId: string;
  team: string;
  name: string;
  botUser: string;
  bot: string;
  token: string;
  expiresAt: Date | null;
}

interface Row extends Omit<Workspace, "token"> {
  token: Uint8Array;
}

const columns = (tx: Tx) => tx`
  id, org_id as org, client_id as "clientId", team_id as team, team_name as name, bot_user_id as "botUser",
  bot_id as bot, token, token_expires_at as "expiresAt"`;

export const tokenOf = (team: string): string => `slack token ${team}`;

/** All that are connected and not paused. What cannot be opened with our keys is left out and named. */
export async function live(db: Db, keys: SealKeys, unreadable: (team: string) => void) {
  const rows = await asBridge(
    db,
    (tx) => tx<Row[]>`
      select ${columns(tx)} from slack_installations where removed_at is null and state = 'live'`,
  );
  return rows.flatMap((row): Workspace[] => {
    try {
      return [{ ...row, token: unseal(keys, row.token, tokenOf(row.team)) }];
    } catch {
      unreadable(row.team);
      return [];
    }
  });
}

/** The connected workspace, paused or not; none when nobody here has connected it. */
export async function byTeam(db: Db, keys: SealKeys, team: string): Promise<Workspace | undefined> {
  const [row] = await asBridge(
    db,
    (tx) => tx<Row[]>`
      select ${columns(tx)} from slack_installations where team_id = ${team} and removed_at is null`,
  );
  return row && { ...row, token: unseal(keys, row.token, tokenOf(row.team)) };
}

/** Slack refuses us here: nothing is sent until somebody connects the workspace again. */
export async function pause(
  db: Db,
  { org, team }: { org: string; team: string },
  { problem, detail }: { problem: string; detail?: string | undefined },
): Promise<void> {
  await db.as(
    org,
    (tx) => tx`
      update slack_installations
      set state = 'paused', problem = ${problem}, problem_detail = ${detail ?? null}, problem_at = now()
      where team_id = ${team} and removed_at is null`,
  );
}

/**
 * Slack refuses the app's connection, in this word: nothing is heard until somebody acts. Null: it stands again. Kept
 * with every workspace that came through the app.
 */
export async function noteDeaf(db: Db, clientId: string, word: string | null): Promise<void> {
  await asBridge(
    db,
    (tx) => tx`
      update slack_installations
      set settings = case when ${word}::text is null then settings - 'deaf'
        else settings || jsonb_build_object('deaf', ${word}::text) end
      where client_id = ${clientId} and removed_at is null and settings->>'deaf' is distinct from ${word}::text`,
  );
}

/** Whose workspace it is, connected now. */
export async function orgOf(db: Db, team: string): Promise<string | undefined> {
  const [row] = await asBridge(
    db,
    (tx) => tx<{ org: string }[]>`
      select org_id as org from slack_installations where team_id = ${team} and removed_at is null`,
  );
  return row?.org;
}
