import { IDS } from "./ids.ts";

/**
 * The journal's tables. `events` is the durable log between agent and server: `n` is the order of arrival, `pos` counts
 * 1, 2, 3 … per session and is what the server acknowledges. An event is pending while its `pos` is above its session's
 * `acked`: an acknowledgement moves one number and touches no event. The long column stands last, because SQLite reads
 * a row's overflow pages only as far as a query asks.
 *
 * `pair` keeps one fact one event when hook and transcript tell it under different ids: 0 nothing known, 1 written from
 * a hook and still waiting for the transcript's own telling, 2 both have told it.
 */
export const VERSION = 2;

/** "PLRS": a file that is SQLite and not ours is never written into. */
export const APPLICATION = 0x504c5253;

/**
 * What hooks said and what waits for its moment: usually the last seconds, with a prompt or two. Its numbers are never
 * given again, so that "all there was when the transcript was read" can be said with one. `mark` and `turn` are set
 * where the transcript may tell the fact itself, and begin with its kind: a telling finds what it tells without a look
 * at everything that waits (measured before: 24 ms a call with thousands waiting).
 */
const HELD = `create table held (
  n integer primary key autoincrement,
  agent_session text not null,
  release text not null,
  at integer not null,
  -- How long the transcript was when the hook called: what it says stands before the lines beyond.
  size integer not null,
  -- The session's next position then: a telling by the transcript is looked for from about there on.
  pos integer not null,
  mark text,
  turn text,
  json text not null
) strict;
create index held_due on held (agent_session, release, at);
create index held_mark on held (agent_session, mark) where mark is not null;
create index held_turn on held (agent_session, turn) where turn is not null;
`;

/** What is found by id is found in ids.ts. */
const EVENTS = `create table events (
  n integer primary key,
  id text not null,
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
`;

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
  paused integer not null default 0,
  process text
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

${HELD}
${EVENTS}
${IDS}
-- Written to when something must be synced and nothing else is to be said: an empty commit writes and syncs nothing.
create table synced (n integer not null) strict;
insert into synced values (0);
`;

/**
 * Advice on its way into an agent. It waits, is being handed over (to whom is written down before, so that a recorder
 * that dies knows what may have happened), was handed over, is taken (it stands in the agent's own queue), is seen.
 * Made whenever it is not there, so that a journal of an earlier Polaris gets it too.
 */
export const ADVICE = `
create table if not exists advice (
  id text primary key,
  session text not null,
  seq integer not null,
  state text not null check (state in ('waiting', 'handing', 'handed', 'taken', 'seen', 'failed', 'recalled', 'expired')),
  -- When this state began.
  since integer not null,
  -- Since when there is no way into the agent; 0 while there is one.
  stuck integer not null default 0,
  route text,
  -- The agent session it was handed to, and the process that was to hand it over, or the call that was answered with it.
  agent_session text,
  station text,
  words text not null
) strict, without rowid;
create index if not exists advice_open on advice (session, seq) where state in ('waiting', 'handing', 'handed', 'taken');
-- Sessions that the next agent session of a directory goes on with: joined there before any agent ran. The brief is for
-- its first words.
create table if not exists awaited (
  directory text primary key,
  session text not null,
  at integer not null,
  agent_session text,
  brief text
) strict, without rowid;
-- Agent sessions whose conversation a Polaris session was offered to go on with.
create table if not exists offered (
  agent_session text primary key,
  session text not null,
  at integer not null
) strict, without rowid;
-- Advice whose sender was told that it could not be delivered, and that waits on: some chance may come.
create table if not exists late (
  id text primary key,
  at integer not null
) strict, without rowid;
-- Ways into an agent session that gave no proof.
create table if not exists dead_routes (
  agent_session text not null,
  route text not null,
  at integer not null,
  primary key (agent_session, route)
) strict, without rowid;
`;

/**
 * Events that could not be checked for secrets. Their content is not here: `path` says where it lies, a transcript (then
 * `offset` is the line's first byte and `memory` what its reader knew before it) or a hook call kept aside for this.
 * Made whenever it is not there, so that a journal of an earlier Polaris gets it too.
 */
export const UNCHECKED = `
create table if not exists unchecked (
  n integer primary key,
  event text not null unique,
  kind text not null,
  agent_session text not null,
  reason text not null,
  -- The Polaris and the policy that could not: others may.
  mark text not null,
  at integer not null,
  path text not null,
  inode text,
  offset integer,
  memory text
) strict;
`;

/** From version 1, where every event's id was in an index of its own. */
export const TO_2 = `
drop index events_session;
drop index events_waiting;
drop index events_refused;
alter table events rename to former;
${EVENTS}
insert into events select * from former;
drop table former;
${IDS}
alter table bindings add column process text;
`;
