-- Advice on its way into a session. A row is the present state of what its events tell one by one: whoever writes one of
-- them (the sender's wish, the machine's report, the server's patience) moves the row in the same transaction, with the
-- project's row locked, so that a recall and a delivery that meet are one after the other.
create table injections (
  org_id uuid not null references orgs,
  project_id uuid not null references projects on delete cascade,
  session_id uuid not null references sessions on delete cascade,
  id uuid not null, -- that of its injection.queued event
  sender text not null,
  sender_name text not null,
  user_id uuid not null references users,
  via text not null check (via in ('web', 'api', 'cli', 'mcp', 'slack')),
  text text not null, -- as it was changed last, or as the agent got it
  edits int not null default 0,
  state text not null default 'queued'
    check (state in ('queued', 'delivered', 'seen', 'answered', 'expired', 'failed', 'recalled')),
  route text,
  reason text,
  answer text,
  created_at timestamptz not null default now(),
  held_at timestamptz, -- its machine has these words written down
  delivered_at timestamptz,
  seen_at timestamptz,
  changed_at timestamptz not null default now(),
  primary key (project_id, id)
) with (fillfactor = 70);
create index injections_session on injections (session_id, created_at desc, id desc);
-- How much somebody has sent in the last minute, by whatever door.
create index injections_sender on injections (org_id, sender, created_at desc);
-- What somebody still waits for: few rows, looked through every other second.
create index injections_open on injections (changed_at) where state in ('queued', 'delivered');

-- Who may advise in a project: whoever is a member there, only those whom its list of members names, or nobody.
alter table projects add column advice text not null default 'members' check (advice in ('members', 'linked', 'off'));
-- The driver wants no advice for now.
alter table sessions add column muted_at timestamptz;

-- Which sessions have a machine listening, on which server. Rows change when a stream opens or closes; that a server
-- lives is said once for all of its streams, so that a thousand of them cost one small write in five seconds.
create table servers (
  id uuid primary key,
  alive_at timestamptz not null default now()
);
create table listeners (
  org_id uuid not null references orgs,
  session_id uuid not null references sessions on delete cascade,
  server_id uuid not null references servers on delete cascade,
  left_at timestamptz, -- null: it listens, as long as its server lives
  -- It says so when it has advice written down: one that does not then is asleep, whatever its connection looks like.
  holds boolean not null default false,
  primary key (session_id, server_id)
);
create index listeners_server on listeners (server_id);

do $$
declare t text;
begin
  foreach t in array array['injections', 'listeners'] loop
    execute format('alter table %I enable row level security', t);
    execute format('alter table %I force row level security', t);
    execute format(
      $p$create policy tenant on %I using (org_id = nullif(current_setting('polaris.org', true), '')::uuid)$p$, t);
  end loop;
  -- Which organisations have any that wait: asked by the server's own clock for all of them at once.
  create policy due on injections for select using (
    current_setting('polaris.due', true) = 'yes' and state in ('queued', 'delivered'));
  if exists (select from pg_roles where rolname = 'polaris_app') then
    grant select, insert, update, delete on all tables in schema public to polaris_app;
    revoke update, delete on audit from polaris_app;
  end if;
end $$;
