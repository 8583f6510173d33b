-- Who may do what. A user is a person of this server, known by a verified email, and may belong to several
-- organisations; what they are called there (participant) is theirs for ever, also after they left and came back.
--
-- Secrets are stored as SHA-256 only. Tables with org_id are closed by row-level security like all others. Rows that
-- must be found before the organisation is known (by a shown secret) open only to the hash that was shown
-- (polaris.shown) and to nothing else; what belongs to a person opens to that person (polaris.user).

create table users (
  id uuid primary key,
  email text not null unique check (email = lower(email)),
  name text not null,
  -- Who says that the email is theirs: only whoever made the link they came by, the owner's claim, or an issuer.
  proof text not null default 'link' check (proof in ('link', 'claim', 'issuer')),
  created_at timestamptz not null default now(),
  disabled_at timestamptz
);

-- How a person proves who they are: the subject at an OpenID Connect issuer. An email alone is no identity.
create table identities (
  issuer text not null,
  subject text not null,
  user_id uuid not null references users,
  created_at timestamptz not null default now(),
  last_used_at timestamptz not null default now(),
  primary key (issuer, subject)
);
create index identities_user on identities (user_id);

-- The name of a person in an organisation: made once from the email, never changed, never given to anyone else.
create table participants (
  org_id uuid not null references orgs,
  participant text not null,
  user_id uuid not null references users,
  primary key (org_id, participant),
  unique (org_id, user_id)
);

create table memberships (
  org_id uuid not null references orgs,
  user_id uuid not null references users,
  role text not null check (role in ('owner', 'admin', 'member', 'viewer')),
  created_at timestamptz not null default now(),
  removed_at timestamptz,
  used_at timestamptz, -- where a person is taken at the next sign-in: the organisation they used last
  primary key (org_id, user_id)
);
create index memberships_user on memberships (user_id);

-- People with a verified address of such a domain join by themselves.
create table org_domains (
  domain text primary key check (domain = lower(domain)),
  org_id uuid not null references orgs,
  role text not null default 'member' check (role in ('admin', 'member', 'viewer')),
  created_at timestamptz not null default now()
);

-- One-time links: `claim` makes the first owner (15 minutes), `invite` brings somebody in (7 days).
create table links (
  id uuid primary key,
  kind text not null check (kind in ('claim', 'invite')),
  org_id uuid not null references orgs,
  hash bytea not null unique,
  role text not null check (role in ('owner', 'admin', 'member', 'viewer')),
  email text,
  created_by text,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  used_at timestamptz,
  used_by uuid references users,
  revoked_at timestamptz
);

-- A sign-in on its way to an identity provider and back: ten minutes, one use, bound to the browser that began it.
-- With user_id: a person whom a provider has just verified and who belongs nowhere yet, while they make an organisation.
create table sign_ins (
  state_hash bytea primary key,
  browser_hash bytea not null,
  provider text not null,
  nonce text not null,
  verifier text not null,
  next text not null,
  link_hash bytea,
  user_id uuid references users,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  used_at timestamptz
);

-- What a person is signed in on: a browser, or a machine (its refresh tokens below).
create table devices (
  id uuid primary key,
  org_id uuid not null references orgs,
  user_id uuid not null references users,
  kind text not null check (kind in ('browser', 'machine')),
  name text not null,
  hash bytea unique, -- the browser's cookie; machines have refresh tokens
  created_at timestamptz not null default now(),
  last_used_at timestamptz not null default now(),
  last_address text,
  expires_at timestamptz,
  revoked_at timestamptz
);
create index devices_user on devices (org_id, user_id);

-- Rotating: each is used once and replaced. One that is shown again was stolen: its whole device is signed out.
create table refresh_tokens (
  hash bytea primary key,
  org_id uuid not null references orgs,
  device_id uuid not null references devices,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  used_at timestamptz,
  -- Its successor, and when this one was shown once more because the answer that carried the successor was lost.
  next_hash bytea,
  retried_at timestamptz
);
create index refresh_tokens_device on refresh_tokens (device_id);

-- Signing a machine in. loopback (RFC 8252 with PKCE): code_hash is the one-time code in the redirect. device
-- (RFC 8628): code_hash is the device code, user_code what a person types on the approval page.
create table grants (
  code_hash bytea primary key,
  kind text not null check (kind in ('loopback', 'device')),
  user_code text unique,
  org_id uuid references orgs,
  user_id uuid references users,
  device_name text not null,
  address text,
  challenge text,
  redirect_uri text,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  approved_at timestamptz,
  denied_at timestamptz,
  used_at timestamptz,
  polled_at timestamptz,
  interval_s int not null default 5,
  device_id uuid -- what it became: a code that is shown again was stolen, and ends it
);

-- For scripts and agents: a name, scopes, an end.
create table api_tokens (
  id uuid primary key,
  org_id uuid not null references orgs,
  hash bytea not null unique,
  name text not null,
  participant text not null,
  user_id uuid not null references users, -- whose it is; its rights never exceed theirs
  scopes text[] not null,
  created_by text not null,
  created_at timestamptz not null default now(),
  last_used_at timestamptz,
  expires_at timestamptz,
  revoked_at timestamptz
);

create table project_members (
  project_id uuid not null references projects,
  org_id uuid not null references orgs,
  user_id uuid not null references users,
  added_by text not null,
  added_at timestamptz not null default now(),
  primary key (project_id, user_id)
);
create index project_members_user on project_members (user_id, project_id);

-- Append-only: each row's hash covers its content and the hash before it, so that a changed or missing row shows. n has
-- no gaps per organisation. The server's role may not change rows; the trigger says no to the tables' owner as well.
create table audit (
  org_id uuid not null references orgs,
  n bigint not null,
  at timestamptz not null,
  actor text not null,
  action text not null,
  target text,
  detail jsonb not null default '{}',
  address text,
  hash bytea not null,
  primary key (org_id, n)
);
create index audit_action on audit (org_id, action, n);
create index audit_actor on audit (org_id, actor, action, at);

create function audit_keep() returns trigger language plpgsql as $$
begin
  raise exception 'rows of audit are never changed' using errcode = 'insufficient_privilege';
end $$;
create trigger audit_keep before update or delete or truncate on audit for each statement execute function audit_keep();

do $$
declare t text;
begin
  foreach t in array array['participants', 'memberships', 'org_domains', 'project_members', 'audit'] loop
    execute format('alter table %I enable row level security', t);
    execute format('alter table %I force row level security', t);
  end loop;
  foreach t in array array['participants', 'project_members', 'audit', 'org_domains'] loop
    execute format(
      $p$create policy tenant on %I using (org_id = nullif(current_setting('polaris.org', true), '')::uuid)$p$, t);
  end loop;
  -- A person sees their own memberships everywhere, to choose among them.
  create policy tenant on memberships using (
    org_id = nullif(current_setting('polaris.org', true), '')::uuid
    or user_id = nullif(current_setting('polaris.user', true), '')::uuid);
  -- A verified domain is looked up before anyone belongs anywhere.
  create policy shown on org_domains for select using (domain = nullif(current_setting('polaris.domain', true), ''));
  foreach t in array array['links', 'devices', 'refresh_tokens', 'api_tokens'] loop
    execute format('alter table %I enable row level security', t);
    execute format('alter table %I force row level security', t);
    execute format(
      $p$create policy tenant on %I using (
        org_id = nullif(current_setting('polaris.org', true), '')::uuid
        or hash = decode(nullif(current_setting('polaris.shown', true), ''), 'hex'))$p$, t);
  end loop;
  -- Not yet anyone's: opened by the secret alone.
  alter table sign_ins enable row level security;
  alter table sign_ins force row level security;
  create policy shown on sign_ins using (
    state_hash = decode(nullif(current_setting('polaris.shown', true), ''), 'hex'));
  alter table grants enable row level security;
  alter table grants force row level security;
  create policy shown on grants using (
    code_hash = decode(nullif(current_setting('polaris.shown', true), ''), 'hex')
    or user_code = nullif(current_setting('polaris.user_code', true), ''));
  -- Long over and worth nothing: whoever passes may sweep.
  create policy swept on grants using (expires_at < now() - interval '1 day');
  if exists (select from pg_roles where rolname = 'polaris_app') then
    grant select, insert, update, delete on all tables in schema public to polaris_app;
    revoke update, delete on audit from polaris_app;
  end if;
end $$;
