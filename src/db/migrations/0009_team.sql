-- What the team's page shows at a glance, and what a project may be told about itself.
--
-- deleted_at: everything of the project is gone and its row stays as a stone, so that a machine that is still linked
-- does not make it anew with its next batch; making it by hand takes the stone away.
alter table projects
  add column tags text[] not null default '{}',
  add column if not exists retention_days int check (retention_days between 1 and 36500),
  add column deleted_at timestamptz;

-- state_at: since when the session stands as it stands. asks: what it asks of a human, while it does.
alter table sessions
  add column state_at timestamptz,
  add column asks text;

-- Prompts by hour, counted where they are stored: the project's row is locked there anyway, and only batches with a
-- prompt write here. Counting them from a day of events costs a scan of all its tool calls.
create table activity (
  org_id uuid not null references orgs,
  project_id uuid not null references projects,
  hour timestamptz not null,
  prompts int not null,
  primary key (project_id, hour)
);
alter table activity enable row level security;
alter table activity force row level security;
create policy tenant on activity using (org_id = nullif(current_setting('polaris.org', true), '')::uuid);

do $$ begin
  if exists (select from pg_roles where rolname = 'polaris_app') then
    grant select, insert, update, delete on activity to polaris_app;
  end if;
end $$;
