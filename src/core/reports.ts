/**
 * What a machine says became of advice: ordinary events, whichever door they come by, that move the injection's row in
 * the transaction that stores them. They only move it forward, and evidence is stronger than any wish: what was seen was
 * seen, also after it had been recalled or given up.
 */
import type { Db, Tx } from "../db/db.ts";
import type { Event } from "../wire/event.ts";
import { Report } from "../wire/injection.ts";
import type { Incoming } from "./append.ts";
import type { Caller } from "./caller.ts";

const REPORTS = new Set([
  "injection.delivered",
  "injection.seen",
  "injection.answered",
  "injection.failed",
]);

/** Written by the server alone, where their rules are: nobody becomes driver, and no advice is queued, by claiming so. */
const OURS = new Set([
  "injection.queued",
  "injection.edited",
  "injection.recalled",
  "injection.expired",
  "driver.changed",
  "advice.muted",
  "advice.unmuted",
  "pull.asked",
]);

export const isReport = ({ kind }: Pick<Event, "kind">): boolean => REPORTS.has(kind);

/** Why an event from outside may not be taken, by its kind and form alone. */
export function refusalOf({ kind, body }: Pick<Event, "kind" | "body">): string | undefined {
  if (OURS.has(kind)) return `${kind} is written by the server, by the route that does it.`;
  if (!REPORTS.has(kind) || Report.safeParse(body).success) return undefined;
  return `${kind} needs a body { injection, route?, reason? }.`;
}

/**
 * Which of these reports are not the caller's to make: of advice that is not in that session, or by anybody but a
 * machine that records the session, its driver's own programs, or its agent. A browser saw nothing. Event id → why.
 */
export async function screen(
  db: Db,
  caller: Caller,
  project: string,
  items: readonly Incoming[],
  machine: string | null = null,
): Promise<Map<string, string>> {
  const refused = new Map<string, string>();
  const reports = items.filter(({ event }) => isReport(event));
  if (reports.length === 0) return refused;
  const wanted = reports.map(({ event, session }) => ({
    event: event.id,
    session,
    injection: Report.parse(event.body).injection,
  }));
  const rows = await db.as(
    caller.org,
    (tx) => tx<{ event: string; known: boolean; allowed: boolean }[]>`
      select w.event, i.id is not null as known,
        s.driver = ${caller.participant} or s.agent = ${caller.participant}
          or s.machine_id = ${machine}::uuid
          or exists (select from sources o where o.session_id = s.id and o.machine_id = ${machine}::uuid) as allowed
      from jsonb_to_recordset(${JSON.stringify(wanted)}::text::jsonb) as w(event text, session uuid, injection uuid)
      left join sessions s on s.id = w.session and s.project_id = ${project}
      left join injections i on i.project_id = ${project} and i.id = w.injection and i.session_id = s.id`,
  );
  for (const { event, known, allowed } of rows) {
    if (!known) refused.set(event, "There is no such injection in this session.");
    else if (caller.kind === "browser" || !allowed) {
      refused.set(event, "Only the session's own machine, driver or agent reports on its advice.");
    }
  }
  return refused;
}

/** Moves the rows of what was stored just now, in the order of the events; the project is locked. */
export async function move(
  tx: Tx,
  project: string,
  items: readonly Incoming[],
  stored: ReadonlyMap<string, number>,
): Promise<void> {
  for (const { event, session } of items) {
    if (!isReport(event) || !stored.has(event.id)) continue;
    const report = Report.safeParse(event.body);
    if (!report.success) continue;
    const { injection, route = null, reason = null, edits } = report.data;
    const row = tx`project_id = ${project} and id = ${injection} and session_id = ${session}`;
    if (edits !== undefined) await setBack(tx, { project, injection, session, edits });
    if (event.kind === "injection.delivered") {
      await tx`
        update injections set state = 'delivered', route = coalesce(${route}, route), reason = null,
          delivered_at = coalesce(delivered_at, now()), changed_at = now()
        where ${row} and state in ('queued', 'delivered', 'recalled', 'expired')`;
    } else if (event.kind === "injection.failed") {
      const why = reason ?? event.text?.slice(0, 500) ?? null;
      await tx`
        update injections set state = 'failed', route = coalesce(${route}, route), reason = ${why}, changed_at = now()
        where ${row} and state in ('queued', 'delivered')`;
    } else {
      const answer = event.kind === "injection.answered" ? (event.text ?? "") : null;
      await tx`
        update injections set route = coalesce(route, ${route}), reason = null,
          state = case when ${answer}::text is null then 'seen' else 'answered' end,
          answer = case when ${answer}::text is null then answer
            else left(concat_ws(E'\\n\\n', answer, ${answer}::text), 20000) end,
          delivered_at = coalesce(delivered_at, now()), seen_at = coalesce(seen_at, now()), changed_at = now()
        where ${row} and (${answer}::text is not null or state not in ('seen', 'answered'))`;
    }
  }
}

/** The words that the agent has, when an edit crossed the delivery. */
const setBack = (
  tx: Tx,
  {
    project,
    injection,
    session,
    edits,
  }: { project: string; injection: string; session: string; edits: number },
) => tx`
  update injections i set edits = ${edits}, text = (
    select coalesce(e.text, i.text) from events e
    where e.project_id = ${project} and e.session_id = ${session}
      and (e.id = i.id or e.kind = 'injection.edited' and e.body->>'injection' = i.id::text)
    order by e.seq offset ${edits} limit 1)
  where i.project_id = ${project} and i.id = ${injection} and i.session_id = ${session} and i.edits > ${edits}`;
