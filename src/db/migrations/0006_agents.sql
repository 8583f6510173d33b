-- Who speaks where people chat. agents: the organisation's named agents, with the face they have in Slack and in the
-- dashboard; agent:dean and agent:dean.snowflake are both Dean. agent_inbox: what was said to an agent by its name,
-- numbered per agent without gaps (agents.last_seq, under the row's lock), so that a cursor never skips.
--
-- slack_people: everybody a workspace shows us. participant is who they are here: by confirmed email, or because an
-- admin said so (linked_by = 'admin', also where it says "nobody"). Without one they are slack:<handle>.
--
-- slack_mirrors: how a session stands in Slack. slack_hours: what a project has posted in an hour, so that a busy one
-- stays readable. slack_advice: which message of whom became which injection; slack_follows: who wants to be called.

create table agents (
  org_id uuid not null references orgs,
  name text not null check (name ~ '^[a-z0-9][a-z0-9_-]{0,63}$'),
  display text not null,
  icon text not null default '',
  description text not null default '',
  skills text[] not null default '{}',
  tags text[] not null default '{}',
  last_seq bigint not null default 0,
  created_by text not null,
  created_at timestamptz not null default now(),
  archived_at timestamptz,
  primary key (org_id, name)
);

create table agent_inbox (
  org_id uuid not null,
  agent text not null,
  seq bigint not null,
  id uuid not null unique,
  project_id uuid not null references projects,
  session_id uuid references sessions,
  sender text not null,
  sender_name text not null,
  via text not null,
  text text not null,
  at timestamptz not null default now(),
  answer text,
  answered_at timestamptz,
  told_at timestamptz, -- the answer is on its way to where the question was asked
  primary key (org_id, agent, seq),
  foreign key (org_id, agent) references agents (org_id, name)
);

create index agent_inbox_untold on agent_inbox (org_id) where answer is not null and told_at is null;

create table slack_people (
  org_id uuid not null references orgs,
  team text not null,
  slack_user text not null,
  handle text not null,
  name text not null,
  email text,
  image text,
  kind text not null check (kind in ('person', 'guest', 'stranger', 'bot')),
  participant text,
  linked_by text check (linked_by in ('email', 'admin')),
  deleted_at timestamptz,
  updated_at timestamptz not null default now(),
  primary key (org_id, team, slack_user),
  unique (org_id, handle),
  foreign key (org_id, participant) references participants (org_id, participant)
);
create index slack_people_participant on slack_people (org_id, participant);

create table slack_mirrors (
  session_id uuid primary key references sessions,
  org_id uuid not null references orgs,
  project_id uuid not null references projects,
  verbosity text check (verbosity in ('all', 'normal', 'quiet', 'off')),
  card text, -- the key of the card's post
  card_hash text, -- of what it shows: an edit that changes nothing is not made
  answer_seq bigint, -- the agent's last words in the turn that is open
  turn_tools int not null default 0,
  tools_key text,
  needs_key text, -- the notice that asks for a human, while nobody has answered
  failed boolean not null default false,
  late jsonb -- the open summary of what came late: its key, counts, and from when to when
);

create table slack_hours (
  project_id uuid not null references projects,
  org_id uuid not null references orgs,
  hour timestamptz not null,
  posts int not null default 0,
  imported jsonb, -- what was imported in this hour, told in one post
  primary key (project_id, hour)
);

create table slack_digests (
  session_id uuid not null references sessions,
  org_id uuid not null references orgs,
  hour timestamptz not null,
  prompts int not null default 0,
  answers int not null default 0,
  last text not null default '',
  primary key (session_id, hour)
);

create table slack_advice (
  org_id uuid not null references orgs,
  team text not null,
  channel text not null,
  ts text not null,
  thread text,
  slack_user text not null,
  injection uuid not null,
  project_id uuid not null references projects,
  session_id uuid references sessions,
  created_at timestamptz not null default now(),
  primary key (org_id, channel, ts)
);
create index slack_advice_injection on slack_advice (injection);

create table slack_follows (
  org_id uuid not null references orgs,
  session_id uuid not null references sessions,
  team text not null,
  slack_user text not null,
  created_at timestamptz not null default now(),
  primary key (session_id, team, slack_user)
);

do $$
declare t text;
begin
  foreach t in array array['agents', 'agent_inbox', 'slack_people', 'slack_mirrors', 'slack_hours', 'slack_digests',
    'slack_advice', 'slack_follows'] loop
    execute format('alter table %I enable row level security', t);
    execute format('alter table %I force row level security', t);
    execute format(
      $p$create policy tenant on %I using (org_id = nullif(current_setting('polaris.org', true), '')::uuid)$p$, t);
  end loop;
  if exists (select from pg_roles where rolname = 'polaris_app') then
    grant select, insert, update, delete on all tables in schema public to polaris_app;
    revoke update, delete on audit from polaris_app;
  end if;
end $$;
