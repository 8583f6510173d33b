/**
 * `bun test/db/dumps.ts [version …]`: writes what a server of each schema version left behind into test/fixtures/schema,
 * as a backup. A published version's file is made once and never again: it is what an upgrade starts from.
 */
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { snapshot } from "../../src/db/backup/snapshot.ts";
import type { Sql } from "../../src/db/db.ts";
import { migrate } from "../../src/db/migrate.ts";
import { MIGRATIONS } from "../../src/db/migrations.ts";
import { silent } from "../../src/lib/log.ts";
import { open, startDatabase } from "../helpers/database.ts";
import { temporary } from "../helpers/temp.ts";

export const FOLDER = join(import.meta.dir, "../fixtures/schema");

const id = (n: number): string => `01900000-0000-7000-8000-${n.toString(16).padStart(12, "0")}`;

/** What each version added, as its server wrote it; later rows stand on earlier ones. */
const ROWS: Record<number, string> = {
  1: `
    insert into orgs (id, slug, name, created_at) values ('${id(1)}', 'home', 'Home', '2026-01-02T03:04:05Z');
    insert into projects (id, org_id, slug, name, visibility, last_seq, created_by, created_at, last_event_at)
      values ('${id(2)}', '${id(1)}', 'demo', 'Demo', 'org', 3, 'user:manu', '2026-01-02T03:04:06Z', now()),
             ('${id(3)}', '${id(1)}', 'secret', 'Secret', 'private', 0, 'user:manu', '2026-01-02T03:04:07Z', null);
    insert into sessions (id, org_id, project_id, name, driver, agent, state, prompts, last_prompt, last_seq, created_at)
      values ('${id(4)}', '${id(1)}', '${id(2)}', 's-0001', 'user:manu', 'agent:claude', 'finished', 1, 'an odd prompt', 3,
        '2026-01-02T03:04:08Z');
    insert into sources (org_id, project_id, session_id, machine_id, seen)
      values ('${id(1)}', '${id(2)}', '${id(4)}', '${id(5)}', '{[1,3),[4,5)}');
    insert into events (org_id, project_id, seq, id, session_id, machine_id, pos, at, kind, sender, agent, translator, via,
        text, body, raw)
      values ('${id(1)}', '${id(2)}', 1, '${id(11)}', '${id(4)}', '${id(5)}', 1, '2026-01-02T03:04:09.123456Z',
          'user.message', 'user:manu', 'claude-code', 1, 'transcript', E'an odd prompt: \\t ü € 🚀 \\\\ "x"', '{"n": 1e21}', null),
        ('${id(1)}', '${id(2)}', 2, '${id(12)}', '${id(4)}', '${id(5)}', 2, '2026-01-02T03:04:10Z', 'tool.call',
          'agent:claude', 'claude-code', 1, 'transcript', null, '{"deep": [[null, "\\\\N"]]}', null),
        ('${id(1)}', '${id(2)}', 3, '${id(13)}', '${id(4)}', '${id(5)}', 4, '2026-01-02T03:04:11Z', 'other',
          'agent:claude', 'claude-code', 1, 'transcript', '', '{"type": "odd"}', '\\x28b52ffd');
    insert into event_text (org_id, project_id, seq, session_id, tsv)
      values ('${id(1)}', '${id(2)}', 1, '${id(4)}', to_tsvector('simple', 'an odd prompt'));
    insert into text_cursors (project_id, org_id, seq) values ('${id(2)}', '${id(1)}', 3);`,
  2: `
    insert into users (id, email, name, proof, created_at)
      values ('${id(6)}', 'manu@example.com', 'Manu', 'claim', '2026-01-03T00:00:00Z');
    insert into participants (org_id, participant, user_id) values ('${id(1)}', 'user:manu', '${id(6)}');
    insert into memberships (org_id, user_id, role) values ('${id(1)}', '${id(6)}', 'owner');
    insert into project_members (project_id, org_id, user_id, added_by)
      values ('${id(3)}', '${id(1)}', '${id(6)}', 'user:manu');
    insert into org_domains (domain, org_id) values ('example.com', '${id(1)}');
    insert into devices (id, org_id, user_id, kind, name) values ('${id(7)}', '${id(1)}', '${id(6)}', 'machine', 'laptop');
    insert into refresh_tokens (hash, org_id, device_id, expires_at)
      values ('\\x00ff', '${id(1)}', '${id(7)}', '2099-01-01');
    insert into api_tokens (id, org_id, hash, name, participant, user_id, scopes, created_by)
      values ('${id(8)}', '${id(1)}', sha256('pol_a_upgrade_test_token_of_the_tests'), 'ci', 'user:manu', '${id(6)}',
        '{read,admin}', 'user:manu');
    insert into audit (org_id, n, at, actor, action, target, detail, address, hash)
      values ('${id(1)}', 1, '2026-01-03T00:00:00Z', 'user:manu', 'org.claimed', null, '{}', '127.0.0.1', '\\x${audit()}');`,
  3: `update sources set checked = 4;`,
  4: `
    update projects set advice = 'linked' where id = '${id(3)}';
    update sessions set muted_at = '2026-01-04T00:00:00Z';
    insert into injections (org_id, project_id, session_id, id, sender, sender_name, user_id, via, text, edits, state, route,
        answer, created_at, delivered_at, seen_at, changed_at)
      values ('${id(1)}', '${id(2)}', '${id(4)}', '${id(21)}', 'user:manu', 'Manu', '${id(6)}', 'web',
          E'mind the \t gap ü 🚀', 1, 'answered', 'socket', 'minded', '2026-01-04T00:00:01Z', '2026-01-04T00:00:02Z',
          '2026-01-04T00:00:03.000001Z', '2026-01-04T00:00:04Z'),
        ('${id(1)}', '${id(2)}', '${id(4)}', '${id(22)}', 'user:manu', 'Manu', '${id(6)}', 'slack', 'too late', 0,
          'expired', null, null, '2026-01-04T00:00:05Z', null, null, '2026-01-04T00:00:06Z');
    insert into servers (id, alive_at) values ('${id(23)}', '2026-01-04T00:00:00Z');
    insert into listeners (org_id, session_id, server_id, left_at)
      values ('${id(1)}', '${id(4)}', '${id(23)}', '2026-01-04T00:00:07Z');`,
  5: `
    insert into slack_apps (client_id, org_id, app_id, client_secret, created_by, created_at)
      values ('1.2', '${id(1)}', 'A0APP', '\\x00ff01', 'user:manu', '2026-01-05T00:00:00Z');
    insert into slack_installations (id, org_id, client_id, team_id, team_name, bot_user_id, bot_id, scopes, token,
        installed_by, state, problem, settings, created_at, removed_at, removed_why)
      values ('${id(31)}', '${id(1)}', '1.2', 'T0ACME', 'Acme', 'U0BOT', 'B0BOT', '{chat:write,users:read}', '\\xff00',
        'user:manu', 'paused', 'token_revoked', '{"layout": "feed"}', '2026-01-05T00:00:01Z', '2026-01-05T00:00:02Z',
        'disconnected');
    insert into slack_channels (id, org_id, team_id, project_id, channel, name, state, heard_ts, created_at)
      values ('${id(32)}', '${id(1)}', 'T0ACME', '${id(2)}', 'C0DEMO', 'demo', 'archived', '1767571200.000100',
        '2026-01-05T00:00:03Z');
    insert into slack_cursors (project_id, org_id, seq) values ('${id(2)}', '${id(1)}', 3);
    insert into slack_outbox (org_id, team_id, key, lane, channel_id, method, payload, project_id, session_id, state, fence,
        attempts, helped, created_at, done_at)
      values ('${id(1)}', 'T0ACME', 'prompt', 'demo', '${id(32)}', 'post', '{"text": "ü \\" 🚀", "n": 1e21}', '${id(2)}',
        '${id(4)}', 'done', 7, 2, true, '2026-01-05T00:00:04Z', '2026-01-05T00:00:05Z');
    insert into slack_posts (org_id, key, team_id, channel, ts, project_id, session_id)
      values ('${id(1)}', 'prompt', 'T0ACME', 'C0DEMO', '1767571205.000200', '${id(2)}', '${id(4)}');
    insert into slack_inbox (event_id, org_id, client_id, team_id, place, claimed_until, done_at)
      values ('Ev01', '${id(1)}', '1.2', 'T0ACME', 'C0DEMO', '2026-01-05T00:00:06Z', '2026-01-05T00:00:07Z');
    insert into slack_leases (team_id, org_id, holder, fence, held_until)
      values ('T0ACME', '${id(1)}', '${id(23)}', 7, '2026-01-05T00:00:08Z');`,
  6: `
    insert into agents (org_id, name, display, icon, description, skills, tags, last_seq, created_by, created_at)
      values ('${id(1)}', 'critic', 'Critic', ':mag:', 'reads "everything"', '{review,"two words"}', '{}', 1, 'user:manu',
        '2026-01-06T00:00:00Z');
    insert into agent_inbox (org_id, agent, seq, id, project_id, session_id, sender, sender_name, via, text, answer,
        answered_at, told_at)
      values ('${id(1)}', 'critic', 1, '${id(41)}', '${id(2)}', '${id(4)}', 'user:manu', 'Manu', 'slack', 'well?', 'well.',
        '2026-01-06T00:00:01Z', '2026-01-06T00:00:02Z');
    insert into slack_people (org_id, team, slack_user, handle, name, email, kind, participant, linked_by)
      values ('${id(1)}', 'T0ACME', 'U0MANU', 'manu', 'Manu', 'manu@example.com', 'person', 'user:manu', 'email');
    insert into slack_mirrors (session_id, org_id, project_id, verbosity, card, answer_seq, turn_tools, late)
      values ('${id(4)}', '${id(1)}', '${id(2)}', 'quiet', 'card', 2, 3, '{"prompts": 1}');
    insert into slack_hours (project_id, org_id, hour, posts, imported)
      values ('${id(2)}', '${id(1)}', '2026-01-06T03:00:00Z', 5, '{"sessions": 2}');
    insert into slack_digests (session_id, org_id, hour, prompts, answers, last)
      values ('${id(4)}', '${id(1)}', '2026-01-06T03:00:00Z', 1, 2, 'the last');
    insert into slack_advice (org_id, team, channel, ts, slack_user, injection, project_id, session_id)
      values ('${id(1)}', 'T0ACME', 'C0DEMO', '1767571206.000300', 'U0MANU', '${id(22)}', '${id(2)}', '${id(4)}');
    insert into slack_follows (org_id, session_id, team, slack_user)
      values ('${id(1)}', '${id(4)}', 'T0ACME', 'U0MANU');`,
  7: `
    insert into event_text (org_id, project_id, seq, session_id, at, tsv)
      values ('${id(1)}', '${id(2)}', 1, '${id(4)}', '2026-01-02T03:04:09.123456Z', to_tsvector('simple', 'an odd prompt'));
    insert into words (org_id, word) values ('${id(1)}', 'odd'), ('${id(1)}', 'prompt');
    update text_cursors set seq = 3;`,
  8: `
    insert into usage_days (org_id, project_id, session_id, day, person, agent, model, prompts, tools, input, cost)
      values ('${id(1)}', '${id(2)}', '${id(4)}', '2026-01-02', 'user:manu', 'agent:claude', 'opus', 1, 1,
        9007199254740993, 0.000000000000000000012345678901);
    insert into usage_parts (org_id, project_id, session_id, day, person, agent, model, what, name, count)
      values ('${id(1)}', '${id(2)}', '${id(4)}', '2026-01-02', 'user:manu', 'agent:claude', 'opus', 'file', 'a "b".ts', 1);
    insert into usage_sessions (session_id, org_id, project_id, model)
      values ('${id(4)}', '${id(1)}', '${id(2)}', 'opus');
    insert into usage_cursors (project_id, org_id, seq) values ('${id(2)}', '${id(1)}', 3);
    update orgs set usage_by_person = true;
    insert into session_commits (org_id, project_id, session_id, repository, sha, patch, branch, subject, additions, at)
      values ('${id(1)}', '${id(2)}', '${id(4)}', 'example.com/team/demo', '${"ab".repeat(20)}', '${"cd".repeat(20)}', 'main',
        'feat: ü', 12, '2026-01-08T00:00:00Z');
    update projects set pull_requests = false where id = '${id(3)}';
    insert into shares (id, org_id, project_id, session_id, hash, from_seq, parts, created_by, created_at, expires_at, views)
      values ('${id(51)}', '${id(1)}', '${id(2)}', '${id(4)}', '\\x5147e5', 1, 'talk', 'user:manu', '2026-01-08T00:00:01Z',
        '2026-01-09T00:00:01Z', 4);
    insert into webhooks (id, org_id, project_id, url, secret, kinds, created_by, disabled_at)
      values ('${id(52)}', '${id(1)}', '${id(2)}', 'https://example.com/hook?x=1', '\\x00ff02', '{session.end}', 'user:manu',
        '2026-01-08T00:00:02Z');
    insert into webhook_messages (id, org_id, project_id, webhook_id, kind, body, tries, status, answer, delivered_at)
      values ('${id(53)}', '${id(1)}', '${id(2)}', '${id(52)}', 'session.end', '{"a": "ü"}', 2, 200, 'ok',
        '2026-01-08T00:00:03Z');
    insert into webhook_cursors (project_id, org_id, seq) values ('${id(2)}', '${id(1)}', 3);`,
  9: `
    update projects set tags = '{etl,"two words"}', retention_days = 30 where id = '${id(3)}';
    update sessions set state_at = '2026-01-09T00:00:00Z', asks = 'which one?';
    insert into activity (org_id, project_id, hour, prompts) values ('${id(1)}', '${id(2)}', '2026-01-02T03:00:00Z', 1);`,
  10: `
    update projects set removed_at = '2026-01-10T00:00:00Z' where id = '${id(3)}';
    insert into tombstones (org_id, project_id, seq, id, session_id, machine_id, pos)
      values ('${id(1)}', '${id(3)}', 1, '${id(61)}', '${id(62)}', '${id(5)}', 9);
    insert into removals (id, org_id, project_id, at, reason, first_seq, last_seq, events, sha256)
      values ('${id(63)}', '${id(1)}', '${id(3)}', '2026-01-10T00:00:00Z', 'age', 1, 1, 1, '\\x00ff03');`,
  11: `
    insert into policies (org_id, policy, updated_at, updated_by)
      values ('${id(1)}', '{"allow": ["ü \\" 🚀"]}', '2026-01-11T00:00:00Z', 'user:manu');`,
};

/** As `core/audit.ts` links a first row. */
function audit(): string {
  const row = [
    id(1),
    1,
    "2026-01-03T00:00:00.000Z",
    "user:manu",
    "org.claimed",
    null,
    {},
    "127.0.0.1",
  ];
  return createHash("sha256").update(JSON.stringify(row)).digest("hex");
}

export async function fill(sql: Sql, version: number): Promise<void> {
  for (let at = 1; at <= version; at++) {
    await migrate(sql, { log: silent, migrations: MIGRATIONS.slice(0, at) });
    const rows = ROWS[at];
    if (rows) await sql.unsafe(rows).simple();
  }
}

async function write(version: number): Promise<void> {
  const name = MIGRATIONS[version - 1]?.name ?? "";
  const path = join(FOLDER, `polaris-202601${String(version).padStart(2, "0")}T000000Z.zst`);
  if (existsSync(path)) throw new Error(`${path} is there already`);
  await using folder = temporary();
  await using database = await startDatabase(folder.path);
  await database.sql.unsafe("create database old");
  const sql = open({ ...database.connection, database: "old" });
  try {
    await fill(sql, version);
    const lines = [];
    for await (const line of snapshot(sql)) lines.push(line);
    await Bun.write(path, Bun.zstdCompressSync(lines.join(""), { level: 19 }));
    console.log(`${path} (${name})`);
  } finally {
    await sql.close({ timeout: 1 });
  }
}

if (import.meta.main) {
  for (const version of process.argv.slice(2).map(Number)) await write(version);
}
