import { afterAll, beforeAll, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { verify } from "../../src/core/verify.ts";
import { linesOf } from "../../src/db/backup/backup.ts";
import { walk } from "../../src/db/backup/check.ts";
import { load } from "../../src/db/backup/load.ts";
import { quoted } from "../../src/db/backup/snapshot.ts";
import { connect, type Sql } from "../../src/db/db.ts";
import { MIGRATIONS } from "../../src/db/migrations.ts";
import { silent } from "../../src/lib/log.ts";
import { open, startDatabase } from "../helpers/database.ts";
import { program, root } from "../helpers/service.ts";
import { teamServer } from "../helpers/team.ts";
import { temporary } from "../helpers/temp.ts";
import { FOLDER } from "./dumps.ts";

/** A backup of each schema version that a server ever ran with. */
const DUMPS = readdirSync(FOLDER).sort();

const folder = temporary();
let server: Awaited<ReturnType<typeof startDatabase>>;
beforeAll(async () => {
  server = await startDatabase(folder.path);
}, 30_000);
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await folder[Symbol.asyncDispose]();
});

async function empty() {
  const database = `t${Bun.randomUUIDv7().replaceAll("-", "")}`;
  await server.sql.unsafe(`create database ${database}`);
  const connection = { ...server.connection, database };
  const sql = open(connection);
  return { connection, sql, [Symbol.asyncDispose]: () => sql.close({ timeout: 1 }) };
}

const lines = (name: string) => linesOf(Bun.file(join(FOLDER, name)).stream(), name, undefined);

/** Rebuilt from the events by the running server. */
const DERIVED = ["event_text", "text_cursors"];

/** The columns that the old version had, as they are now, hashed as the backup hashed them. */
async function hashOf(sql: Sql, table: string, columns: { name: string }[]): Promise<string> {
  const list = columns.map(({ name }) => `${quoted(name)}::text`).join(", ");
  const [key] = await sql<{ columns: string }[]>`
    select string_agg(quote_ident(a.attname), ', ' order by k.place) as columns
    from pg_index i, unnest(i.indkey) with ordinality k(n, place), pg_attribute a
    where i.indrelid = format('%I', ${table}::text)::regclass and i.indisprimary
      and a.attrelid = i.indrelid and a.attnum = k.n`;
  const rows: { line: string }[] = await sql.unsafe(
    `select json_build_array(${list})::text as line from ${quoted(table)} order by ${key?.columns ?? "1"}`,
  );
  const hash = createHash("sha256");
  for (const { line } of rows) hash.update(`${line}\n`);
  return hash.digest("hex");
}

test.each(DUMPS)("I5: the database in %s is upgraded without losing a byte", async (name) => {
  const { header, tables } = await walk(lines(name));
  await using db = await empty();
  const { applied } = await load(db.sql, lines(name), { log: silent });
  expect(applied).toEqual(MIGRATIONS.slice(header.schema.length).map((it) => it.name));
  for (const { name: table, columns } of header.tables) {
    if (DERIVED.includes(table)) continue;
    expect([table, await hashOf(db.sql, table, columns)]).toEqual([
      table,
      tables[table]?.sha256 ?? "",
    ]);
  }
  await using polaris = await connect(db.connection, { max: 2 });
  for (const { broken } of await verify(polaris)) expect(broken).toBeNull();
});

test("I5: there is a database of every schema version before this one", () => {
  const versions = DUMPS.map((name) => Number(/^polaris-\d{6}(\d\d)/.exec(name)?.[1]));
  const before = MIGRATIONS.slice(0, -1).map((_, at) => at + 1);
  // Of the newest one too, once it is published.
  expect(versions.filter((version) => version < MIGRATIONS.length)).toEqual(before);
});

test("I5: this version serves what the version before it left", async () => {
  await using home = temporary();
  await using team = teamServer(home.path);
  await team.json("restore", join(FOLDER, DUMPS.at(-1) ?? ""));
  const { claimUrl } = await team.start();
  expect(claimUrl).toBeNull();
  await team.enter(await linkOf(team));
  const page = await (await team.call("/projects/demo/messages")).json();
  expect(page).toMatchObject({
    items: [{ seq: 1, at: "2026-01-02T03:04:09.123Z" }, { seq: 2 }, { seq: 3 }],
  });
  // The next numbers come after the last.
  await team.record([{}]);
  const after = await (await team.call("/projects/demo/messages?after=3")).json();
  expect(after).toMatchObject({ items: [{ seq: 4 }] });
}, 60_000);

async function linkOf(team: ReturnType<typeof teamServer>): Promise<string> {
  const { out } = await team.run("serve", "--sign-in", "manu@example.com");
  return out.trim();
}

test("I5: polaris migrate --check says what is missing and changes nothing", async () => {
  await using home = temporary();
  const env = { HOME: home.path, PATH: process.env.PATH ?? "", POLARIS_HOME: home.path };
  const run = (...args: string[]) => {
    const { exitCode, stdout } = Bun.spawnSync([...program, "migrate", ...args, "--json"], {
      env,
      cwd: root,
    });
    return { code: exitCode, answer: JSON.parse(String(stdout)) };
  };
  const names = MIGRATIONS.map(({ name }) => name);
  const database = "embedded";
  expect(run("--check")).toEqual({ code: 1, answer: { missing: names, database } });
  expect(run("--check")).toEqual({ code: 1, answer: { missing: names, database } });
  expect(run()).toEqual({ code: 0, answer: { applied: names, database } });
  expect(run("--check")).toEqual({ code: 0, answer: { missing: [], database } });
}, 60_000);
