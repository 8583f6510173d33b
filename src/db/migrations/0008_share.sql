-- What is told outside, and what is counted: usage, commits, share links, webhooks.
--
-- Usage and commits are filled from the log of events by readers with a cursor per project (core/behind.ts), as search
-- is: off the ingest path, repeated harmlessly after a crash because cursor and counts move in one transaction.

-- One row per session, day (UTC), person and model. person: who wrote the prompt; for all else who drives the session.
create table usage_days (
  org_id uuid not null,
  project_id uuid not null references projects,
  session_id uuid not null,
  day date not null,
  person text not null,
  agent text not null,
  model text not null,
  prompts int not null default 0,
  turns int not null default 0,
  tools int not null default 0,
  failed int not null default 0,
  input bigint not null default 0,
  output bigint not null default 0,
  cache_read bigint not null default 0,
  cache_write bigint not null default 0,
  cost numeric not null default 0,
  unpriced int not null default 0, -- answers of a model that has no price here
  waiting_ms bigint not null default 0, -- from a question or a request for permission until the session went on
  primary key (session_id, day, person, model)
);
create index usage_days_org on usage_days (org_id, day);
create index usage_days_project on usage_days (project_id, day);

-- Which tools were called, and which files were changed.
create table usage_parts (
  org_id uuid not null,
  project_id uuid not null references projects,
  session_id uuid not null,
  day date not null,
  person text not null,
  agent text not null,
  model text not null,
  what text not null check (what in ('tool', 'file')),
  name text not null,
  count int not null default 0,
  failed int not null default 0,
  primary key (session_id, day, person, model, what, name)
);
create index usage_parts_org on usage_parts (org_id, what, day);
create index usage_parts_project on usage_parts (project_id, what, day);

-- What the counting has to remember of a session between two stretches: since when it waits, and its model.
create table usage_sessions (
  session_id uuid primary key,
  org_id uuid not null,
  project_id uuid not null references projects,
  waiting_since timestamptz,
  model text not null default ''
);

create table usage_cursors (
  project_id uuid primary key references projects,
  org_id uuid not null references orgs,
  seq bigint not null
);

-- Usage is told by person only to that person, unless the organisation says otherwise.
alter table orgs add column usage_by_person boolean not null default false;

-- Commits made while a session ran. patch: git's patch-id, which a rebase keeps. moved_to: where the same change stands
-- since a rebase or a squash.
create table session_commits (
  org_id uuid not null,
  project_id uuid not null references projects,
  session_id uuid not null,
  repository text not null,
  sha text not null,
  patch text,
  branch text,
  subject text not null,
  additions int not null default 0,
  deletions int not null default 0,
  files int not null default 0,
  at timestamptz not null,
  moved_to text,
  primary key (session_id, sha)
);
create index session_commits_sha on session_commits (org_id, sha);
create index session_commits_patch on session_commits (org_id, repository, patch);

-- Whether summaries may be written into pull requests.
alter table projects add column pull_requests boolean not null default true;

-- A link that shows one session, or a stretch of it, to whoever has it. Only its SHA-256 is kept.
create table shares (
  id uuid primary key,
  org_id uuid not null references orgs,
  project_id uuid not null references projects,
  session_id uuid not null references sessions,
  hash bytea not null unique,
  from_seq bigint,
  to_seq bigint, -- null: what comes later is seen as well
  parts text not null check (parts in ('all', 'talk')),
  created_by text not null,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  revoked_at timestamptz,
  revoked_by text,
  views int not null default 0,
  viewed_at timestamptz
);
create index shares_session on shares (session_id);
create index shares_org on shares (org_id, created_at desc);

-- Who is told of what happens, by signed requests (standardwebhooks.com). secret: AES-256-GCM with a key of the server's.
create table webhooks (
  id uuid primary key,
  org_id uuid not null references orgs,
  project_id uuid references projects,
  url text not null,
  secret bytea not null,
  kinds text[] not null,
  created_by text not null,
  created_at timestamptz not null default now(),
  disabled_at timestamptz,
  deleted_at timestamptz
);
create index webhooks_org on webhooks (org_id);

-- What was sent, or is to be sent again: the message, and how the last try went.
create table webhook_messages (
  id uuid primary key,
  org_id uuid not null references orgs,
  project_id uuid references projects, -- whose words the body holds; of a ping none
  webhook_id uuid not null references webhooks on delete cascade,
  kind text not null,
  body text not null,
  created_at timestamptz not null default now(),
  tries int not null default 0,
  next_at timestamptz,
  status int,
  answer text,
  took_ms int,
  delivered_at timestamptz
);
create index webhook_messages_due on webhook_messages (next_at) where next_at is not null;
create index webhook_messages_log on webhook_messages (webhook_id, created_at desc);

create table webhook_cursors (
  project_id uuid primary key references projects,
  org_id uuid not null references orgs,
  seq bigint not null
);

do $$
declare t text;
begin
  foreach t in array array['usage_days', 'usage_parts', 'usage_sessions', 'usage_cursors', 'session_commits',
    'webhooks', 'webhook_messages', 'webhook_cursors'] loop
    execute format('alter table %I enable row level security', t);
    execute format('alter table %I force row level security', t);
    execute format(
      $p$create policy tenant on %I using (org_id = nullif(current_setting('polaris.org', true), '')::uuid)$p$, t);
  end loop;
  -- Found by the secret that was shown, before the organisation is known.
  alter table shares enable row level security;
  alter table shares force row level security;
  create policy tenant on shares using (
    org_id = nullif(current_setting('polaris.org', true), '')::uuid
    or hash = decode(nullif(current_setting('polaris.shown', true), ''), 'hex'));
  if exists (select from pg_roles where rolname = 'polaris_app') then
    grant select, insert, update, delete on usage_days, usage_parts, usage_sessions, usage_cursors, session_commits,
      shares, webhooks, webhook_messages, webhook_cursors to polaris_app;
  end if;
end $$;
