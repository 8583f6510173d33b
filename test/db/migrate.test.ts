import { afterAll, beforeAll, expect, test } from "bun:test";
import { join } from "node:path";
import { type Migration, migrate } from "../../src/db/migrate.ts";
import { MIGRATIONS } from "../../src/db/migrations.ts";
import { silent } from "../../src/lib/log.ts";
import { until } from "../../src/lib/until.ts";
import { open, startDatabase } from "../helpers/database.ts";
import { temporary } from "../helpers/temp.ts";

const FIRST: Migration = {
  name: "0001_first",
  sql: "create table a (n integer); insert into a values (1);",
};
const SECOND: Migration = {
  name: "0002_second",
  sql: "alter table a add column m text default 'x';",
};
const options = (...migrations: Migration[]) => ({ log: silent, migrations });

const folder = temporary();
let server: Awaited<ReturnType<typeof startDatabase>>;
beforeAll(async () => {
  server = await startDatabase(folder.path);
}, 30_000);
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await folder[Symbol.asyncDispose]();
});

/** An empty database of its own for each test. */
async function empty() {
  const database = `t${Bun.randomUUIDv7().replaceAll("-", "")}`;
  await server.sql.unsafe(`create database ${database}`);
  const connection = { ...server.connection, database };
  const sql = open(connection);
  return { connection, sql, [Symbol.asyncDispose]: () => sql.end({ timeout: 1 }) };
}

test("I5: migrations are applied once, in order, and each is recorded", async () => {
  await using db = await empty();
  expect(await migrate(db.sql, options(FIRST))).toEqual(["0001_first"]);
  expect(await migrate(db.sql, options(FIRST, SECOND))).toEqual(["0002_second"]);
  expect(await migrate(db.sql, options(FIRST, SECOND))).toEqual([]);
  expect([...(await db.sql`select n, m from a`)]).toEqual([{ n: 1, m: "x" }]);
  const rows = await db.sql`
    select number, name, length(checksum) as length, applied_at <= now() as past
    from schema_version order by number`;
  expect([...rows]).toEqual([
    { number: 1, name: "0001_first", length: 64, past: true },
    { number: 2, name: "0002_second", length: 64, past: true },
  ]);
});

test("I5: five servers that start at once migrate once", async () => {
  await using db = await empty();
  const all = await Promise.all(
    Array.from({ length: 5 }, async () => {
      const sql = open(db.connection);
      const applied = await migrate(sql, options(FIRST, SECOND));
      await sql.end({ timeout: 1 });
      return applied;
    }),
  );
  expect(all.flat().sort()).toEqual(["0001_first", "0002_second"]);
  expect([...(await db.sql`select count(*)::int as count from a`)]).toEqual([{ count: 1 }]);
});

test("I5: an applied migration that reads differently now is refused", async () => {
  await using db = await empty();
  await migrate(db.sql, options(FIRST));
  const changed = { ...FIRST, sql: `${FIRST.sql} -- edited` };
  expect(migrate(db.sql, options(changed, SECOND))).rejects.toMatchObject({
    code: "migration_changed",
    message: expect.stringContaining("0001_first"),
  });
});

test("I5: a database newer than the executable is refused and the needed version is named", async () => {
  await using db = await empty();
  await migrate(db.sql, options(FIRST, SECOND));
  await db.sql`update schema_version set polaris = '9.9.0' where number = 2`;
  expect(migrate(db.sql, options(FIRST))).rejects.toMatchObject({
    code: "schema_too_new",
    message: expect.stringContaining("0002_second"),
    hint: expect.stringContaining("9.9.0"),
  });
});

test("I5: a migration that fails leaves nothing behind", async () => {
  await using db = await empty();
  const broken = {
    name: "0002_broken",
    sql: "create table b (n integer); select nothing from nowhere;",
  };
  expect(migrate(db.sql, options(FIRST, broken))).rejects.toMatchObject({
    code: "database_failed",
    message: expect.stringContaining("0002_broken"),
  });
  await migrate(db.sql, options(FIRST, broken)).catch(() => {});
  expect([...(await db.sql`select to_regclass('b') as b`)]).toEqual([{ b: null }]);
  expect(await migrate(db.sql, options(FIRST, SECOND))).toEqual(["0002_second"]);
});

test("I5: a server killed in the middle of a migration is followed by one that completes it", async () => {
  await using db = await empty();
  const slow = { name: "0002_slow", sql: "create table b (n integer); select pg_sleep(60);" };
  const program = join(import.meta.dir, "migrating.ts");
  const given = [JSON.stringify(db.connection), JSON.stringify([FIRST, slow])];
  const child = Bun.spawn([process.execPath, program, ...given], { stdout: "ignore" });
  const asleep = async () => {
    const rows = await db.sql`
      select pid from pg_stat_activity
      where datname = ${db.connection.database} and wait_event = 'PgSleep'`;
    return rows.length > 0;
  };
  await until(asleep, { what: "the migration to be halfway" });
  child.kill("SIGKILL");
  await child.exited;
  expect(
    await migrate(db.sql, options(FIRST, { ...slow, sql: "create table b (n integer)" })),
  ).toEqual(["0002_slow"]);
}, 30_000);

test("I5: the list of migrations is numbered without gaps", () => {
  const numbers = MIGRATIONS.map(({ name }) => Number(name.slice(0, 4)));
  expect(numbers).toEqual(numbers.map((_, index) => index + 1));
});
