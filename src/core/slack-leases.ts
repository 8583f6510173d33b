import type { Db } from "../db/db.ts";
import { asBridge } from "./slack-workspaces.ts";

export interface Lease {
  org: string;
  team: string;
  holder: string;
  /** Higher with every taking: who holds an older one can neither take nor finish a write. */
  fence: number;
}

/** Takes the lease of a workspace when nobody holds it; answers nothing when somebody does. */
export async function take(
  db: Db,
  { org, team, holder }: Omit<Lease, "fence">,
  ms: number,
): Promise<Lease | undefined> {
  const [row] = await asBridge(
    db,
    (tx) => tx<{ fence: string }[]>`
      insert into slack_leases as l (team_id, org_id, holder, fence, held_until)
      values (${team}, ${org}, ${holder}, 1, now() + ${ms}::int * interval '1 ms')
      on conflict (team_id) do update set org_id = excluded.org_id, holder = excluded.holder,
        fence = l.fence + 1, held_until = excluded.held_until
      where l.held_until < now()
      returning fence`,
  );
  return row && { org, team, holder, fence: Number(row.fence) };
}

/** Which of these are still ours, for that long from now. */
export async function renew(db: Db, leases: Lease[], ms: number): Promise<Set<string>> {
  if (leases.length === 0) return new Set();
  const [first] = leases;
  const rows = await asBridge(
    db,
    (tx) => tx<{ team_id: string }[]>`
      update slack_leases l set held_until = now() + ${ms}::int * interval '1 ms'
      from jsonb_to_recordset(${JSON.stringify(leases)}::text::jsonb) as w(team text, fence bigint)
      where l.team_id = w.team and l.fence = w.fence and l.holder = ${first?.holder ?? ""}
        and l.held_until > now()
      returning l.team_id`,
  );
  return new Set(rows.map(({ team_id }) => team_id));
}

/** Gives it back, so that another bridge need not wait. */
export async function release(db: Db, { team, holder, fence }: Lease): Promise<void> {
  await asBridge(
    db,
    (tx) => tx`
      update slack_leases set held_until = now() - interval '1 ms'
      where team_id = ${team} and holder = ${holder} and fence = ${fence}`,
  );
}
