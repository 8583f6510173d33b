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
  await migrate(sql, { log: silent, migrations: MIGRATIONS.slice(0, version) });
  for (let at = 1; at <= version; at++) {
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
