-- Search. A row of event_text is one event that people search for, as a tsvector made by core/terms.ts: its words (code
-- taken apart at its joints) with their places, and its facets as words that no text can hold (`k:user.message`,
-- `t:bash`, `f/search`), so that one GIN index answers words and filters together.
--
-- Row-level security keeps `@@` away from every index: an operator that is not leakproof may only see rows the policy
-- has let through, which at 200,000 rows took 154 ms for a word that four of them hold. So find_recent() and
-- find_deep() run as the tables' owner, to whom event_text is open, and are themselves the wall: they read the
-- organisation from polaris.org, as the policies do, and give out places alone, never text. Who asks joins them to events and projects, under their
-- policies and inside the caller's access.

create extension if not exists pg_trgm;

drop table event_text;
create table event_text (
  org_id uuid not null,
  project_id uuid not null,
  seq bigint not null,
  session_id uuid not null,
  at timestamptz not null,
  tsv tsvector not null,
  primary key (project_id, seq)
);
do $$ begin
  alter table event_text alter column tsv set compression lz4;
exception when feature_not_supported then null;
end $$;
-- Project and session are words of tsv too (`p:`, `s:`): as columns of the index they would be read from end to end, 6 ms
-- of a million rows, where a word is skipped through.
create index event_text_search on event_text using gin (tsv) with (gin_pending_list_limit = 512);
create index event_text_org on event_text (org_id, at desc, project_id desc, seq desc);
create index event_text_project on event_text (project_id, at desc, seq desc);
create index event_text_session on event_text (session_id, at desc, seq desc);

-- Each word an organisation has ever used, once: a beginning ("migr") or a part ("grat") of a word becomes the words
-- that hold it. (Asking the index for all words with a beginning collects all their places first: 670 ms for a
-- common one at a million events.)
create table words (
  org_id uuid not null,
  word text collate "C" not null, -- by its bytes: the key then answers "begins with"
  primary key (org_id, word)
);
create index words_part on words using gin (org_id, word gin_trgm_ops);

-- Everything is indexed anew, by the running server, in the background.
update text_cursors set seq = 0;

do $$
declare t text;
begin
  foreach t in array array['event_text', 'words'] loop
    execute format('alter table %I enable row level security', t);
    execute format('alter table %I force row level security', t);
    execute format(
      $p$create policy tenant on %I using (org_id = nullif(current_setting('polaris.org', true), '')::uuid)$p$, t);
  end loop;
  if exists (select from pg_roles where rolname = 'polaris_app') then
    grant select, insert, update, delete on event_text, words to polaris_app;
    -- The owner is not who serves: open to the functions below, and to nothing that answers requests.
    execute format('create policy found on event_text for select to %I using (true)', current_user);
    execute format('create policy found on words for select to %I using (true)', current_user);
  end if;
end $$;

-- The newest places that match, in two ways. A common word is found by reading back from the newest place, at most
-- p_window of them (find_recent); what that does not find is rare enough for the index over words (find_deep).
create function find_where(p_projects uuid[], p_session uuid, p_from timestamptz, p_until timestamptz, p_at timestamptz)
returns text language sql immutable as $$
  select 't.org_id = $10'
    || case when cardinality(p_projects) = 1 then ' and t.project_id = ($2)[1]' else ' and t.project_id = any($2)' end
    || case when p_session is null then '' else ' and t.session_id = $3' end
    || case when p_from is null then '' else ' and t.at >= $4' end
    || case when p_until is null then '' else ' and t.at < $5' end
    || case when p_at is null then '' else ' and (t.at, t.project_id, t.seq) < ($6, $7, $8)' end
$$;

create function find_recent(
  p_query tsquery, p_projects uuid[], p_session uuid, p_from timestamptz, p_until timestamptz,
  p_at timestamptz, p_project uuid, p_seq bigint, p_limit int, p_window int
) returns table (project_id uuid, seq bigint, session_id uuid, at timestamptz)
language plpgsql stable security definer set search_path = pg_catalog, public, pg_temp
set enable_bitmapscan = off set enable_seqscan = off set enable_sort = off
as $$ begin
  return query execute 'select n.project_id, n.seq, n.session_id, n.at from (
      select t.* from event_text t where ' || find_where(p_projects, p_session, p_from, p_until, p_at)
    || ' order by t.at desc, t.project_id desc, t.seq desc limit $11) n where n.tsv @@ $1 limit $9'
    using p_query, p_projects, p_session, p_from, p_until, p_at, p_project, p_seq, p_limit,
      nullif(current_setting('polaris.org', true), '')::uuid, p_window;
end $$;

create function find_deep(
  p_query tsquery, p_projects uuid[], p_session uuid, p_from timestamptz, p_until timestamptz,
  p_at timestamptz, p_project uuid, p_seq bigint, p_limit int
) returns table (project_id uuid, seq bigint, session_id uuid, at timestamptz)
language plpgsql stable security definer set search_path = pg_catalog, public, pg_temp
set enable_indexscan = off set enable_seqscan = off
as $$ begin
  return query execute 'select t.project_id, t.seq, t.session_id, t.at from event_text t where t.tsv @@ $1 and '
    || find_where(p_projects, p_session, p_from, p_until, p_at)
    || ' order by t.at desc, t.project_id desc, t.seq desc limit $9'
    using p_query, p_projects, p_session, p_from, p_until, p_at, p_project, p_seq, p_limit,
      nullif(current_setting('polaris.org', true), '')::uuid;
end $$;

-- Words that begin with these letters, or hold them somewhere, the shortest first.
create function find_words(p_part text, p_inside boolean, p_limit int) returns setof text
language plpgsql stable security definer set search_path = pg_catalog, public, pg_temp
as $$ begin
  return query execute 'select w.word::text from words w where w.org_id = $1 and w.word like $2 order by length(w.word), w.word limit $3'
    using nullif(current_setting('polaris.org', true), '')::uuid,
      case when p_inside then '%' else '' end
        || replace(replace(replace(p_part, '\', '\\'), '%', '\%'), '_', '\_') || '%',
      p_limit;
end $$;
