-- One event is one row, written once, read many times by cursors.
--
-- orgs own projects; a project holds sessions; a session holds events. Every tenant table carries org_id and is
-- closed by row-level security: no organisation set in the transaction (polaris.org) means no rows. It is the second
-- wall; the first is the condition in every query. FORCE makes it hold for the tables' owner too; the server works
-- as polaris_app, which is neither a superuser nor exempt.
--
-- projects.last_seq numbers a project's events without gaps and in commit order: whoever appends holds the row lock
-- of the project. (An identity column is no cursor: a row that commits late is skipped by readers that went past it.)

create extension if not exists btree_gin;

do $$ begin
  if not exists (select from pg_roles where rolname = 'polaris_app') then
    create role polaris_app nologin;
  end if;
  execute format('grant polaris_app to %I', current_user);
exception when insufficient_privilege or duplicate_object or unique_violation then
  -- A managed database may forbid new roles, and roles are shared by all databases of a cluster, so that another
  -- one may have made it just now. Without the role the server works as the owner, still behind FORCE.
  null;
end $$;

create table orgs (
  id uuid primary key,
  slug text not null unique,
  name text not null,
  created_at timestamptz not null default now()
);

create table projects (
  id uuid primary key,
  org_id uuid not null references orgs,
  slug text not null,
  name text not null,
  visibility text not null default 'org' check (visibility in ('org', 'private')),
  last_seq bigint not null default 0,
  created_by text not null,
  created_at timestamptz not null default now(),
  last_event_at timestamptz,
  archived_at timestamptz,
  unique (org_id, slug)
) with (fillfactor = 50); -- last_seq changes with every batch: leave room for updates in the same page

create table sessions (
  id uuid primary key,
  org_id uuid not null references orgs,
  project_id uuid not null references projects,
  name text not null,
  label text,
  title text,
  driver text,
  agent text not null,
  state text not null default 'idle',
  machine_id uuid,
  machine text,
  cwd text,
  branch text,
  model text,
  prompts int not null default 0,
  tool_calls int not null default 0,
  last_prompt text,
  last_seq bigint not null default 0,
  created_at timestamptz not null default now(),
  last_event_at timestamptz,
  ended_at timestamptz,
  unique (project_id, name)
) with (fillfactor = 70);
create index sessions_recent on sessions (project_id, (coalesce(last_event_at, created_at)) desc, id desc);

-- What each machine has sent of a session. seen holds the positions taken, as ranges: the answer to a batch is the end
-- of the first range, so that a gap is noticed and repaired. missing: positions the machine itself no longer holds.
create table sources (
  org_id uuid not null references orgs,
  project_id uuid not null references projects,
  session_id uuid not null references sessions,
  machine_id uuid not null,
  seen int8multirange not null,
  missing int8multirange not null default '{}',
  updated_at timestamptz not null default now(),
  primary key (session_id, machine_id)
) with (fillfactor = 70);

-- text is what a person reads; body the rest; raw (zstd) the input that could not be translated, whole.
-- at: the clock of the machine that saw it; received_at: ours. lz4 writes 1.5 times faster than pglz at equal size.
create table events (
  org_id uuid not null,
  project_id uuid not null,
  seq bigint not null,
  id uuid not null,
  session_id uuid not null,
  machine_id uuid,
  pos bigint,
  at timestamptz not null,
  received_at timestamptz not null default now(),
  kind text not null,
  sender text not null,
  turn text,
  parent text,
  agent text not null,
  agent_version text,
  translator smallint not null,
  via text not null,
  text text,
  body jsonb not null,
  raw bytea,
  primary key (project_id, seq),
  unique (project_id, id)
);
create index events_session on events (session_id, seq);
alter table events alter column raw set storage external;
do $$ begin
  alter table events alter column text set compression lz4;
  alter table events alter column body set compression lz4;
exception when feature_not_supported then
  null; -- a server built without lz4 keeps its default
end $$;

-- Full text of prompts, answers and commands, filled by an indexer with a cursor per project: two GIN indexes inside
-- the ingest transaction cost 238 instead of 52 µs an event.
create table event_text (
  org_id uuid not null,
  project_id uuid not null,
  seq bigint not null,
  session_id uuid not null,
  tsv tsvector not null,
  primary key (project_id, seq)
);
create index event_text_search on event_text using gin (project_id, tsv);

create table text_cursors (
  project_id uuid primary key references projects,
  org_id uuid not null references orgs,
  seq bigint not null
);

do $$
declare t text;
begin
  foreach t in array array['projects', 'sessions', 'sources', 'events', 'event_text', 'text_cursors'] loop
    execute format('alter table %I enable row level security', t);
    execute format('alter table %I force row level security', t);
    execute format(
      $p$create policy tenant on %I using (org_id = nullif(current_setting('polaris.org', true), '')::uuid)$p$, t);
  end loop;
  if exists (select from pg_roles where rolname = 'polaris_app') then
    execute format('grant usage on schema %I to polaris_app', current_schema());
    grant select, insert, update, delete on all tables in schema public to polaris_app;
  end if;
end $$;
