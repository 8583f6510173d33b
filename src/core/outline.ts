import type { Db } from "../db/db.ts";
import type { Outline, OutlinePrompt } from "../wire/outline.ts";
import { within } from "./access.ts";
import type { Caller } from "./caller.ts";

interface Row {
  seq: string;
  at: Date;
  kind: string;
  text: string | null;
  input: number | null;
  output: number | null;
  cached: number | null;
  cost: number | null;
  total: boolean | null;
}

/**
 * A session's prompts with tokens and cost of each turn. Reads only prompts and usage, about a tenth of a session:
 * numbers are taken as the agents send them, anything else counts as none.
 */
export async function outline(
  db: Db,
  caller: Caller,
  { project, session }: { project: string; session: string },
): Promise<Outline> {
  const [rows, ends] = await db.as(caller.org, async (tx) => {
    const num = (name: string) => tx`case when jsonb_typeof(e.body -> ${name}::text) = 'number'
      then (e.body ->> ${name}::text)::float8 end`;
    const found = await tx<Row[]>`
      select e.seq, e.at, e.kind, left(e.text, 400) as text,
        coalesce(${num("inputTokens")}, 0) + coalesce(${num("cacheWriteTokens")}, 0) as input,
        ${num("outputTokens")} as output, ${num("cacheReadTokens")} as cached, ${num("costUsd")} as cost,
        e.body -> 'total' = 'true'::jsonb as total
      from events e
      where e.session_id = ${session} and ${within(tx, caller, project)} and e.parent is null
        and (e.kind = 'usage' or (e.kind = 'user.message'
          and coalesce(e.body ->> 'origin', 'user') not in ('injected', 'system')))
      order by e.seq`;
    const [bounds] = await tx<{ first: string; last: string; events: string }[]>`
      select min(seq) as first, max(seq) as last, count(*) as events from events e
      where e.session_id = ${session} and ${within(tx, caller, project)}`;
    const [from, to] = [Number(bounds?.first ?? 0), Number(bounds?.last ?? 0)];
    const times = await tx<{ seq: string; at: Date }[]>`
      select seq, at from events where project_id = ${project} and seq in (${from}, ${to})`;
    const at = (seq: number) =>
      times.find((row) => Number(row.seq) === seq)?.at.toISOString() ?? null;
    const events = Number(bounds?.events ?? 0);
    return [found, { first: { seq: from, at: at(from) }, last: { seq: to, at: at(to) }, events }];
  });
  return { ...summed(rows), ...ends };
}

function summed(rows: Row[]): Pick<Outline, "prompts" | "tokens"> {
  const prompts: OutlinePrompt[] = [];
  const tokens = { input: 0, output: 0, cached: 0, costUsd: 0 };
  let total = 0;
  for (const { seq, at, kind, text, ...used } of rows) {
    if (kind !== "usage") {
      prompts.push({
        seq: Number(seq),
        at: at.toISOString(),
        text: line(text),
        tokens: 0,
        costUsd: 0,
      });
      continue;
    }
    const cost = used.cost ?? 0;
    if (used.total) {
      total = cost;
      continue;
    }
    const [input, output] = [used.input ?? 0, used.output ?? 0];
    tokens.input += input;
    tokens.output += output;
    tokens.cached += used.cached ?? 0;
    tokens.costUsd += cost;
    const turn = prompts.at(-1);
    if (!turn) continue;
    turn.tokens += input + output;
    turn.costUsd += cost;
  }
  tokens.costUsd = Math.max(tokens.costUsd, total);
  return { prompts, tokens };
}

const line = (text: string | null): string =>
  (text?.split("\n").find((each) => each.trim()) ?? "").trim().slice(0, 120);
