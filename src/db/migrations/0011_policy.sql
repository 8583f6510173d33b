-- What an organisation says of its own secrets: its recorders fetch it and apply it before anything is written down.
create table policies (
  org_id uuid primary key references orgs,
  policy jsonb not null,
  updated_at timestamptz not null default now(),
  updated_by text not null
);
alter table policies enable row level security;
alter table policies force row level security;
create policy tenant on policies using (org_id = nullif(current_setting('polaris.org', true), '')::uuid);

do $$ begin
  if exists (select from pg_roles where rolname = 'polaris_app') then
    grant select, insert, update, delete on policies to polaris_app;
  end if;
end $$;
