import type { Tx } from "../db/db.ts";
import type { Reader, Stretch } from "./behind.ts";
import { type Counted, count, type Standing } from "./counting.ts";

/** Counts usage and keeps commits, from the log. */
export const counter = (): Reader => ({ name: "counter", cursors: "usage_cursors", take });

async function take(tx: Tx, stretch: Stretch): Promise<void> {
  const { project, from, upTo } = stretch;
  // Each `body -> …` would unpack the whole of it again (25 µs an event instead of 5).
  const events = await tx<Counted[]>`
    select e.session_id as session, e.at, e.kind, e.sender, e.parent,
      coalesce(s.driver, e.sender) as driver, s.agent,
      case when e.kind = 'code.commit' then e.body else jsonb_strip_nulls(jsonb_build_object(
        'model', b.model, 'origin', b.origin, 'command', b.command, 'bash', b.bash, 'reason', b.reason,
        'name', b.name, 'kind', b.kind, 'status', b.status, 'total', b.total,
        'inputTokens', b."inputTokens", 'outputTokens', b."outputTokens",
        'cacheReadTokens', b."cacheReadTokens", 'cacheWriteTokens', b."cacheWriteTokens", 'costUsd', b."costUsd",
        'file', coalesce(b.input -> 'file_path', b.input -> 'notebook_path'))) end as body,
      case when e.kind = 'code.commit' then e.text end as text
    from events e join sessions s on s.id = e.session_id, jsonb_to_record(e.body) as b(
      model jsonb, origin jsonb, command jsonb, bash jsonb, reason jsonb, name jsonb, kind jsonb, status jsonb,
      total jsonb, "inputTokens" jsonb, "outputTokens" jsonb, "cacheReadTokens" jsonb, "cacheWriteTokens" jsonb,
      "costUsd" jsonb, input jsonb)
    where e.project_id = ${project} and e.seq > ${from} and e.seq <= ${upTo} order by e.seq`;
  const sessions = [...new Set(events.map(({ session }) => session))];
  const known = await tx<(Standing & { session: string })[]>`
    select session_id as session, waiting_since as "waitingSince", model from usage_sessions
    where session_id = any(${sessions}::uuid[])`;
  const standing = new Map(
    known.map(({ session, waitingSince, model }) => [session, { waitingSince, model }]),
  );
  await write(tx, stretch, count(events, standing), standing);
}

async function write(
  tx: Tx,
  { org, project }: Stretch,
  { days, parts, commits }: ReturnType<typeof count>,
  standing: Map<string, Standing>,
): Promise<void> {
  await tx`
    insert into usage_days as old (org_id, project_id, session_id, day, person, agent, model, prompts, turns, tools,
      failed, input, output, cache_read, cache_write, cost, unpriced, waiting_ms)
    select ${org}::uuid, ${project}::uuid, session, day, person, agent, model, prompts, turns, tools, failed, input,
      output, "cacheRead", "cacheWrite", cost, unpriced, "waitingMs"
    from jsonb_to_recordset(${JSON.stringify(days)}::text::jsonb) as d(session uuid, day date, person text, agent text,
      model text, prompts int, turns int, tools int, failed int, input bigint, output bigint, "cacheRead" bigint,
      "cacheWrite" bigint, cost numeric, unpriced int, "waitingMs" bigint)
    on conflict (session_id, day, person, model) do update set
      prompts = old.prompts + excluded.prompts, turns = old.turns + excluded.turns,
      tools = old.tools + excluded.tools, failed = old.failed + excluded.failed,
      input = old.input + excluded.input, output = old.output + excluded.output,
      cache_read = old.cache_read + excluded.cache_read, cache_write = old.cache_write + excluded.cache_write,
      cost = old.cost + excluded.cost, unpriced = old.unpriced + excluded.unpriced,
      waiting_ms = old.waiting_ms + excluded.waiting_ms`;
  await tx`
    insert into usage_parts as old (org_id, project_id, session_id, day, person, agent, model, what, name, count, failed)
    select ${org}::uuid, ${project}::uuid, session, day, person, agent, model, what, name, count, failed
    from jsonb_to_recordset(${JSON.stringify(parts)}::text::jsonb) as d(session uuid, day date, person text, agent text,
      model text, what text, name text, count int, failed int)
    on conflict (session_id, day, person, model, what, name) do update set
      count = old.count + excluded.count, failed = old.failed + excluded.failed`;
  const states = [...standing].map(([session, state]) => ({ session, ...state }));
  await tx`
    insert into usage_sessions (session_id, org_id, project_id, waiting_since, model)
    select session, ${org}::uuid, ${project}::uuid, "waitingSince", model
    from jsonb_to_recordset(${JSON.stringify(states)}::text::jsonb)
      as s(session uuid, "waitingSince" timestamptz, model text)
    on conflict (session_id) do update set waiting_since = excluded.waiting_since, model = excluded.model`;
  for (const commit of commits) await keep(tx, { org, project }, commit);
}

/** In the order they were made: a commit stands for those before it, never for those after. */
async function keep(
  tx: Tx,
  { org, project }: Pick<Stretch, "org" | "project">,
  commit: ReturnType<typeof count>["commits"][number],
): Promise<void> {
  const { session, repository, sha, patch = null, branch = null, subject, replaces, at } = commit;
  const made = await tx`
    insert into session_commits (org_id, project_id, session_id, repository, sha, patch, branch, subject, additions,
      deletions, files, at)
    values (${org}, ${project}, ${session}, ${repository}, ${sha}, ${patch}, ${branch}, ${subject},
      ${commit.additions}, ${commit.deletions}, ${commit.files}, ${at}::text::timestamptz)
    on conflict (session_id, sha) do nothing returning sha`;
  if (made.length === 0) return;
  // The same change under a new name: what an amend, a squash, a rebase or a cherry-pick made of it.
  await tx`
    update session_commits set moved_to = ${sha}
    where session_id = ${session} and sha <> ${sha} and moved_to is null and (
      sha in (select value from jsonb_array_elements_text(${JSON.stringify(replaces)}::text::jsonb))
      or (repository = ${repository} and patch = ${patch}::text))`;
}
