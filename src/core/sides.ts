import type { Tx } from "../db/db.ts";
import { uuid5 } from "../lib/uuid.ts";

/** What a step of a removal took, for the tables beside the events. */
export interface Gone {
  org: string;
  project: string;
  ids: string[];
  sessions: string[];
  /** Retention: everything older goes; a person: everything of theirs. */
  before: Date | null;
  person: string | null;
}

/**
 * Where words of events stand besides the events themselves, and how they leave. A table that is not here is named in
 * `WORDLESS`; the tests hold both lists against the schema, so that a new table cannot be forgotten.
 */
export const SIDES: Record<string, (tx: Tx, gone: Gone) => PromiseLike<unknown>> = {
  injections: (tx, { project, ids, person }) => tx`
    delete from injections
    where project_id = ${project} and (id = any(${ids}::uuid[]) or sender = ${person})`,
  agent_inbox: (tx, { project, ids, before, person }) => tx`
    delete from agent_inbox
    where project_id = ${project}
      and (id = any(${ids}::uuid[]) or sender = ${person} or at < ${before}::timestamptz)`,
  // What waits for Slack is a copy; what was posted is Slack's to keep.
  slack_outbox: (tx, { project, sessions, before }) => tx`
    delete from slack_outbox
    where project_id = ${project}
      and (created_at < ${before}::timestamptz
        or (${before}::timestamptz is null and session_id = any(${sessions}::uuid[])
          and state in ('done', 'dropped')))`,
  webhook_messages: messages,
  // The names of changed files; how often what was used is a number and stays.
  usage_parts: (tx, { project, before, person }) => tx`
    delete from usage_parts
    where project_id = ${project} and what = 'file'
      and (person = ${person} or day < ${before}::timestamptz::date)`,
  session_commits: (tx, { sessions }) => tx`
    delete from session_commits c
    where session_id = any(${sessions}::uuid[])
      and not exists (select from events e where e.session_id = c.session_id)`,
  slack_digests: (tx, { sessions, before }) => tx`
    delete from slack_digests
    where session_id = any(${sessions}::uuid[])
      and (${before}::timestamptz is null or hour < ${before}::timestamptz)`,
};

/** A message's id is made of its webhook and its event (core/teller.ts). */
async function messages(tx: Tx, { org, ids }: Gone): Promise<void> {
  const hooks = await tx<{ id: string }[]>`select id from webhooks where org_id = ${org}`;
  const known = hooks.flatMap((hook) => ids.map((id) => uuid5(hook.id, id)));
  await tx`delete from webhook_messages where id = any(${known}::uuid[])`;
}

/** Tables of an organisation that hold no words of events, or leave with them in `retention.ts`. */
export const WORDLESS = [
  ...[
    "events",
    "event_text",
    "words",
    "text_cursors",
    "tombstones",
    "removals",
    "sessions",
    "sources",
  ],
  ...["orgs", "projects", "project_members", "participants", "memberships", "org_domains", "audit"],
  ...[
    "links",
    "devices",
    "refresh_tokens",
    "grants",
    "api_tokens",
    "activity",
    "listeners",
    "agents",
  ],
  ...[
    "slack_apps",
    "slack_connects",
    "slack_installations",
    "slack_channels",
    "slack_cursors",
    "slack_posts",
  ],
  ...[
    "slack_inbox",
    "slack_leases",
    "slack_people",
    "slack_mirrors",
    "slack_hours",
    "slack_advice",
  ],
  ...["slack_follows", "shares", "usage_cursors", "usage_days", "usage_sessions"],
  ...["webhooks", "webhook_cursors", "policies"],
];

/** Which of these tables this schema has. */
export async function present(tx: Tx, tables: readonly string[]): Promise<string[]> {
  const rows = await tx<{ name: string }[]>`
    select relname as name from pg_class
    where relnamespace = current_schema()::regnamespace and relkind = 'r'
      and relname = any(${tx.array([...tables], "TEXT")})`;
  return rows.map(({ name }) => name);
}

/**
 * An organisation's vocabulary (for parts of words) loses what no text holds any more. The indexers stand still
 * meanwhile: one that is at work might count on a word that goes.
 */
export async function sweepWords(tx: Tx, org: string): Promise<void> {
  if ((await present(tx, ["words"])).length === 0) return;
  await tx`select 1 from text_cursors where org_id = ${org} order by project_id for update`;
  await tx`
    delete from words w where org_id = ${org} and not exists (
      select from ts_stat(${`select tsv from event_text where org_id = '${org}'`}) s where s.word = w.word)`;
}
