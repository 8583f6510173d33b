-- Slack. One workspace belongs to one organisation at a time, and an organisation has one workspace. What Polaris wants
-- to say waits in slack_outbox, written in the transaction that moves the project's cursor (slack_cursors), so that a
-- crash repeats nothing and forgets nothing; what it said stands in slack_posts under the key it was asked for with.
-- What Slack tells us is kept in slack_inbox before Slack gets its receipt.
--
-- Any number of bridges may run. Who posts into a workspace is who holds its lease; each taking of the lease has a
-- higher fence, and a row of the outbox is taken with the fence of the holder, so that one who was thought dead can
-- neither take nor finish anything. A bridge serves all organisations: polaris.bridge opens to it the few tables that
-- it must read before it knows the organisation.

-- Slack apps that an organisation brings along; the server's own comes from SLACK_CLIENT_ID and its kin.
create table slack_apps (
  client_id text primary key,
  org_id uuid not null references orgs,
  app_id text,
  -- AES-256-GCM, as all secrets here: key id, nonce, ciphertext and tag in one (core/seal.ts).
  client_secret bytea not null,
  app_token bytea,
  created_by text not null,
  created_at timestamptz not null default now()
);
create index slack_apps_org on slack_apps (org_id);

-- A connection on its way through Slack's consent page and back: ten minutes, one use, bound to the browser's session.
create table slack_connects (
  state_hash bytea primary key,
  org_id uuid not null references orgs,
  device_id uuid not null,
  client_id text not null,
  expires_at timestamptz not null,
  used_at timestamptz
);

create table slack_installations (
  id uuid primary key,
  org_id uuid not null references orgs,
  client_id text not null,
  team_id text not null,
  team_name text not null,
  bot_user_id text not null,
  bot_id text not null,
  scopes text[] not null,
  token bytea not null,
  refresh_token bytea,
  token_expires_at timestamptz,
  installed_by text not null,
  installer text, -- the Slack user who said yes
  -- paused: Slack refuses the token or a scope is missing; nothing is sent until somebody connects again.
  state text not null default 'live' check (state in ('live', 'paused')),
  problem text, -- Slack's word for it
  problem_detail text,
  problem_at timestamptz,
  settings jsonb not null default '{}', -- how the organisation wants it: layout, verbosity …
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  removed_at timestamptz,
  removed_why text
);
create unique index slack_installations_team on slack_installations (team_id) where removed_at is null;
create unique index slack_installations_org on slack_installations (org_id) where removed_at is null;

-- A place in Slack that a project or a session has. `channel` is Slack's id and the truth; the name is a memory.
create table slack_channels (
  id uuid primary key,
  org_id uuid not null references orgs,
  team_id text not null,
  project_id uuid not null references projects,
  session_id uuid references sessions, -- a channel of one session (layout session-channel); else the project's
  channel text, -- none yet: made when the first message is due
  name text not null,
  is_private boolean not null default false,
  is_linked boolean not null default false, -- it was there before us
  state text not null default 'wanted' check (state in ('wanted', 'live', 'paused', 'archived', 'gone')),
  problem text,
  problem_at timestamptz,
  heard_ts text, -- the newest message that reached us: from there we read on after we were deaf
  settings jsonb not null default '{}', -- how this project wants it, over the organisation's
  created_at timestamptz not null default now(),
  removed_at timestamptz
);
create unique index slack_channels_project on slack_channels (project_id)
  where session_id is null and removed_at is null;
create unique index slack_channels_session on slack_channels (session_id)
  where session_id is not null and removed_at is null;
create unique index slack_channels_channel on slack_channels (team_id, channel)
  where channel is not null and removed_at is null;

-- How far a project has been mirrored. A project begins with what comes after its workspace was connected.
create table slack_cursors (
  project_id uuid primary key references projects,
  org_id uuid not null references orgs,
  seq bigint not null
) with (fillfactor = 50);

-- One row, one write to Slack. Rows of a lane go out one after the other in the order of id; lanes go side by side.
create table slack_outbox (
  id bigint generated always as identity primary key,
  org_id uuid not null references orgs,
  team_id text not null,
  key text not null,
  lane text not null,
  channel_id uuid references slack_channels,
  place text, -- a Slack id instead: a person (U…) or a conversation (C…, D…)
  method text not null,
  thread text, -- the key of the post whose thread this belongs to
  target text, -- the key of the post that this changes
  merge text, -- of several that wait under one such word, the newest stands for all
  payload jsonb not null,
  project_id uuid,
  session_id uuid,
  state text not null default 'waiting' check (state in ('waiting', 'sending', 'done', 'dropped')),
  fence bigint,
  attempts int not null default 0,
  not_before timestamptz not null default now(),
  claimed_at timestamptz,
  helped boolean not null default false, -- its outcome was unknown and was looked up in Slack
  note jsonb not null default '{}', -- what a half-done write must remember
  error text,
  created_at timestamptz not null default now(),
  done_at timestamptz,
  unique (org_id, key)
) with (fillfactor = 70);
create index slack_outbox_open on slack_outbox (org_id, lane, id) where state in ('waiting', 'sending');
create index slack_outbox_merge on slack_outbox (org_id, merge) where state = 'waiting' and merge is not null;
create index slack_outbox_odd on slack_outbox (org_id) where state = 'dropped' or helped;
create index slack_outbox_done on slack_outbox (org_id, done_at) where state in ('done', 'dropped');

-- What was posted, and where it is now: what an edit, a reply or a reaction needs.
create table slack_posts (
  org_id uuid not null references orgs,
  key text not null,
  team_id text not null,
  channel text not null,
  ts text not null,
  thread_ts text,
  project_id uuid,
  session_id uuid,
  posted_at timestamptz not null default now(),
  primary key (org_id, key)
);
create index slack_posts_place on slack_posts (org_id, channel, ts);

create table slack_inbox (
  event_id text primary key,
  org_id uuid not null references orgs,
  client_id text not null,
  team_id text not null,
  place text not null, -- events of one conversation are handled in the order in which they came
  message text unique, -- workspace, conversation and ts of what somebody wrote: told or read later, it is handled once
  body jsonb, -- gone when it is done
  attempts int not null default 0,
  claimed_until timestamptz not null,
  error text,
  received_at timestamptz not null default now(),
  done_at timestamptz
);
create index slack_inbox_open on slack_inbox (claimed_until) where done_at is null;
create index slack_inbox_done on slack_inbox (org_id, done_at) where done_at is not null;

create table slack_leases (
  team_id text primary key,
  org_id uuid not null references orgs,
  holder uuid not null,
  fence bigint not null,
  held_until timestamptz not null
) with (fillfactor = 50);

do $$
declare t text;
begin
  foreach t in array array['slack_apps', 'slack_connects', 'slack_installations', 'slack_channels', 'slack_cursors',
    'slack_outbox', 'slack_posts', 'slack_inbox', 'slack_leases'] loop
    execute format('alter table %I enable row level security', t);
    execute format('alter table %I force row level security', t);
    execute format(
      $p$create policy tenant on %I using (org_id = nullif(current_setting('polaris.org', true), '')::uuid)$p$, t);
  end loop;
  foreach t in array array['slack_apps', 'slack_installations', 'slack_inbox', 'slack_leases'] loop
    execute format(
      $p$create policy bridge on %I using (nullif(current_setting('polaris.bridge', true), '') = 'on')$p$, t);
  end loop;
  if exists (select from pg_roles where rolname = 'polaris_app') then
    grant select, insert, update, delete on all tables in schema public to polaris_app;
    revoke update, delete on audit from polaris_app;
  end if;
end $$;
