-- What does not stay: events older than a project keeps them, and what a person asked to have removed.
--
-- A removed event leaves a stone: its number, its id and its machine's count of it, never a word of it. The number
-- explains the gap in the project's log; the id keeps a machine that still holds the event from bringing it back; the
-- count keeps "is everything here?" true. removals says which run took what, with the same hash as its row in the audit.
alter table projects
  add column if not exists retention_days int check (retention_days between 1 and 36500),
  add column removed_at timestamptz; -- of the first removal: until then nobody looks for stones

create table tombstones (
  org_id uuid not null,
  project_id uuid not null references projects,
  seq bigint not null,
  id uuid not null,
  session_id uuid not null,
  machine_id uuid,
  pos bigint,
  primary key (project_id, seq),
  unique (project_id, id)
);
create index tombstones_session on tombstones (session_id, machine_id, pos);

create table removals (
  id uuid primary key,
  org_id uuid not null references orgs,
  project_id uuid not null references projects,
  at timestamptz not null default now(),
  reason text not null check (reason in ('retention', 'age', 'person')),
  first_seq bigint not null,
  last_seq bigint not null,
  events int not null,
  sha256 bytea not null
);
create index removals_project on removals (project_id, last_seq);

do $$
declare t text;
begin
  foreach t in array array['tombstones', 'removals'] loop
    execute format('alter table %I enable row level security', t);
    execute format('alter table %I force row level security', t);
    execute format(
      $p$create policy tenant on %I using (org_id = nullif(current_setting('polaris.org', true), '')::uuid)$p$, t);
  end loop;
  if exists (select from pg_roles where rolname = 'polaris_app') then
    grant select, insert, update, delete on tombstones, removals to polaris_app;
  end if;
end $$;
