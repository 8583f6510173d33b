import type { Tx } from "../db/db.ts";

/** Sessions of a project in which this person spoke and nobody else did: what the agent answered there is theirs too. */
export async function ownSessions(tx: Tx, project: string, person: string): Promise<string[]> {
  const rows = await tx<{ id: string }[]>`
    select session_id as id from events
    where project_id = ${project} and (sender like 'user:%' or sender like 'slack:%')
    group by session_id having bool_and(sender = ${person})`;
  return rows.map(({ id }) => id);
}

/** A session shows words of its events (its last prompt, its title): now those of what is left, if anything is. */
export async function tidySessions(tx: Tx, sessions: string[]): Promise<void> {
  await tx`
    update sessions s set
      last_prompt = (
        select left(text, 280) from events e
        where e.session_id = s.id and kind = 'user.message' and parent is null and text <> ''
          and body ->> 'origin' is distinct from 'system'
        order by seq desc limit 1),
      title = (
        select left(text, 280) from events e
        where e.session_id = s.id and kind = 'session.title' and text <> '' order by seq desc limit 1)
    where s.id = any(${sessions}::uuid[])`;
  await tx`
    update sessions s set label = null, cwd = null, branch = null
    where s.id = any(${sessions}::uuid[]) and not exists (select from events e where e.session_id = s.id)`;
  const [asks] = await tx`
    select 1 from pg_attribute
    where attrelid = 'sessions'::regclass and attname = 'asks' and not attisdropped`;
  if (!asks) return;
  await tx`
    update sessions s set asks = null
    where s.id = any(${sessions}::uuid[]) and not exists (select from events e where e.session_id = s.id)`;
}
