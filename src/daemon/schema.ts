/**
 * The journal's tables. `events` is the durable log between agent and server: `n` is the order of arrival, `pos` counts
 * 1, 2, 3 … per session and is what the server acknowledges. An event is pending while its `pos` is above its session's
 * `acked`: an acknowledgement moves one number and touches no event. The long column stands last, because SQLite reads
 * a row's overflow pages only as far as a query asks.
 *
 * `pair` keeps one fact one event when hook and transcript tell it under different ids: 0 nothing known, 1 written from
 * a hook and still waiting for the transcript's own telling, 2 both have told it.
 */
export const VERSION = 3;

/**
 * 1: `profile` and `org`: under which sign-in of this machine a session was begun (and a directory linked), and so to
 * which organisation its events may go. `org` is null until that is known, then never changes.
 * 2: sessions off the record and what must never be written; links that know their repository; how far the server has
 * confirmed a session; where a transcript began to be recorded (of older ones unknown: as if at their present place).
 */
export const UPGRADES: Record<number, string> = {
  1: `
alter table sessions add column profile text;
alter table sessions add column org text;
alter table links add column profile text;
alter table links add column org text;
`,
  2: `
alter table bindings add column paused integer not null default 0;
alter table links add column remote text;
alter table links add column within text not null default '';
alter table sessions add column checked integer not null default 0;
alter table tails add column began integer not null default 0;
update tails set began = offset;
create table unwritten (id text primary key) strict, without rowid;
create table silence (at integer not null) strict;
create table imports (
  path text primary key,
  agent_session text not null,
  session text not null references sessions (id),
  size integer not null
) strict, without rowid;
create index imports_session on imports (agent_session);
create index sessions_unchecked on sessions (id) where next_pos > checked + 1;
`,
};

/** "PLRS": a file that is SQLite and not ours is never written into. */
export const APPLICATION = 0x504c5253;

export const SCHEMA = `
create table sessions (
  id text primary key,
  project text not null,
  name text not null,
  agent text not null,
  driver text,
  cwd text,
  started_at text not null,
  next_pos integer not null default 1,
  acked integer not null default 0,
  -- The last event of the server's stream that was looked at for advice.
  heard integer not null default 0,
  profile text,
  org text,
  -- The server has confirmed that it holds everything up to here.
  checked integer not null default 0
) strict, without rowid;
create index sessions_behind on sessions (id) where next_pos > acked + 1;
create index sessions_unchecked on sessions (id) where next_pos > checked + 1;
create index sessions_named on sessions (project, name);

create table bindings (
  agent_session text primary key,
  agent text not null,
  session text not null references sessions (id),
  transcript text,
  cwd text,
  pid integer,
  state text not null check (state in ('live', 'ended', 'left')),
  at integer not null,
  paused integer not null default 0
) strict, without rowid;
create index bindings_pid on bindings (pid);

create table links (
  directory text primary key,
  project text not null,
  at integer not null,
  profile text,
  org text,
  -- Where the repository comes from, and the directory's place in it: any clone of it is linked too.
  remote text,
  within text not null default ''
) strict, without rowid;

create table tails (
  path text primary key,
  agent_session text not null,
  subagent text,
  inode text,
  offset integer not null,
  memory text not null default '{}',
  open integer not null default 1,
  began integer not null default 0
) strict, without rowid;
create index tails_session on tails (agent_session);

-- Ids that are never to become events, through whichever door they come again: said off the record, or told already
-- under another id.
create table unwritten (id text primary key) strict, without rowid;

-- One row while the whole machine is off the record.
create table silence (at integer not null) strict;

-- Transcripts that were imported, and how long they were then.
create table imports (
  path text primary key,
  agent_session text not null,
  session text not null references sessions (id),
  size integer not null
) strict, without rowid;
create index imports_session on imports (agent_session);

-- Hook calls that were answered, so that the same call through socket and spool is one call.
create table calls (
  id text primary key,
  at integer not null
) strict, without rowid;

-- Without an index: it holds the last seconds only, and each index is one more page to sync before a hook is answered.
create table held (
  n integer primary key,
  agent_session text not null,
  release text not null,
  at integer not null,
  -- How long the transcript was when the hook called: what it says stands before the lines beyond.
  size integer not null,
  -- The session's next position then: a telling by the transcript is looked for from about there on.
  pos integer not null,
  json text not null
) strict;

create table events (
  n integer primary key,
  id text not null unique,
  session text not null,
  pos integer not null,
  kind text not null,
  turn text,
  mark text,
  via text not null,
  pair integer not null default 0,
  at integer not null,
  written integer not null,
  refused text,
  bytes integer not null,
  json text not null
) strict;
create index events_session on events (session, pos);
create index events_waiting on events (session) where pair = 1;
create index events_refused on events (n) where refused is not null;

-- Written to when something must be synced and nothing else is to be said: an empty commit writes and syncs nothing.
create table synced (n integer not null) strict;
insert into synced values (0);

create table mailbox (
  id text primary key,
  session text not null,
  seq integer not null,
  at integer not null,
  json text not null
) strict, without rowid;
`;
