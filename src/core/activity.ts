import type { Tx } from "../db/db.ts";

const HOURS = 24;

/** Prompts of the last 24 hours, hour by hour, of each project that has any; the present hour is the last. */
export async function activity(
  tx: Tx,
  org: string,
  projects: string[],
): Promise<Map<string, number[]>> {
  if (!projects.length) return new Map();
  const rows = await tx<{ project_id: string; ago: number; prompts: number }[]>`
    select project_id, prompts, (extract(epoch from date_trunc('hour', now()) - hour) / 3600)::int as ago
    from activity
    where org_id = ${org} and hour > now() - interval '24 hours'
      and project_id in (select (value #>> '{}')::uuid
        from jsonb_array_elements(${JSON.stringify(projects)}::text::jsonb))`;
  const found = new Map<string, number[]>();
  for (const { project_id: id, ago, prompts } of rows) {
    const hours = found.get(id) ?? noActivity();
    if (ago >= 0 && ago < HOURS) hours[HOURS - 1 - ago] = prompts;
    found.set(id, hours);
  }
  return found;
}

export const noActivity = (): number[] => Array.from({ length: HOURS }, () => 0);
