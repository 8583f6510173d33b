import type { Log } from "../../lib/log.ts";
import { PolarisError } from "../../wire/error.ts";
import type { Sql } from "../db.ts";
import { checksum, migrate } from "../migrate.ts";
import { MIGRATIONS } from "../migrations.ts";
import { walk } from "./check.ts";
import type { Header, Table } from "./format.ts";
import { quoted } from "./snapshot.ts";

/**
 * Puts a backup into an empty database: the schema as it was then, the rows in one transaction (all of it or nothing),
 * then this version's migrations. Owning the tables is enough; no superuser is needed.
 */
export async function load(sql: Sql, lines: AsyncIterable<string>, { log }: { log: Log }) {
  const tx = await sql.reserve();
  let begun = false;
  let filling: Filling | undefined;
  try {
    const found = await walk(lines, {
      async header(header) {
        await prepare(sql, header, log);
        await tx`begin`;
        begun = true;
        filling = await open(tx, header);
      },
      row: (table, line) => filling?.row(table, line),
      end: (table) => filling?.flush(table),
    });
    await filling?.close();
    await tx`commit`;
    begun = false;
    await sql`analyze`;
    const applied = await migrate(sql, { log });
    return { ...found, applied };
  } finally {
    if (begun) await tx`rollback`.catch(() => {});
    tx.release();
  }
}

/** Brings an empty database to the backup's schema, or refuses. */
async function prepare(sql: Sql, { schema, polaris }: Header, log: Log): Promise<void> {
  const same = schema.every(({ checksum: then }, at) => {
    const known = MIGRATIONS[at];
    return known !== undefined && checksum(known) === then;
  });
  if (!same) {
    throw new PolarisError("schema_too_new", `The backup was made by Polaris ${polaris}.`, {
      hint: `Restore it with Polaris ${polaris} or newer.`,
    });
  }
  const [there] = await sql<
    { is: boolean }[]
  >`select to_regclass('schema_version') is not null as is`;
  if (there?.is) await demandEmpty(sql, schema.length);
  await migrate(sql, { log, migrations: MIGRATIONS.slice(0, schema.length) });
}

/** A server that was started once has an organisation and nothing in it. */
async function demandEmpty(sql: Sql, version: number): Promise<void> {
  const [row] = await sql<
    { version: number }[]
  >`select count(*)::int as version from schema_version`;
  if ((row?.version ?? 0) > version) {
    throw new PolarisError("conflict", "The database has a newer schema than the backup.", {
      hint: "Restore into a new, empty database; it is brought to this version afterwards.",
    });
  }
  if ((row?.version ?? 0) < 2) return;
  const [used] = await sql<{ is: boolean }[]>`select exists (select from users) as is`;
  if (!used?.is) return;
  throw new PolarisError("conflict", "There is a server in this database already.", {
    hint: "Restore into an empty one: another --data-dir, or a new database for DATABASE_URL.",
  });
}

interface Filling {
  row(table: string, line: string): Promise<void> | void;
  flush(table: string): Promise<void>;
  close(): Promise<void>;
}

/** One statement takes this many characters of rows: a round trip for about a thousand events. */
const AIM = 2_000_000;

async function open(tx: Sql, { tables }: Header): Promise<Filling> {
  const keys = await tx<{ table: string; name: string; definition: string }[]>`
    select conrelid::regclass::text as table, conname as name, pg_get_constraintdef(oid) as definition
    from pg_constraint where contype = 'f' and connamespace = current_schema()::regnamespace`;
  const walls = await tx<{ name: string }[]>`
    select relname as name from pg_class
    where relnamespace = current_schema()::regnamespace and relkind = 'r' and relforcerowsecurity`;
  const inserts = new Map(tables.map((table) => [table.name, insertOf(table)]));
  // References are checked once at the end, and walls stand aside for the owner, until the transaction ends.
  for (const { table, name } of keys) {
    await tx.unsafe(`alter table ${table} drop constraint ${quoted(name)}`);
  }
  for (const { name } of walls) {
    await tx.unsafe(`alter table ${quoted(name)} no force row level security`);
  }
  for (const { name } of tables) {
    await tx.unsafe(`alter table ${quoted(name)} disable trigger user`);
  }
  await tx.unsafe(`truncate ${tables.map(({ name }) => quoted(name)).join(", ")}`);

  let waiting: string[] = [];
  let size = 0;
  async function flush(table: string): Promise<void> {
    if (waiting.length === 0) return;
    const rows = `[${waiting.join(",")}]`;
    waiting = [];
    size = 0;
    await tx.unsafe(inserts.get(table) ?? "", [rows]);
  }
  return {
    async row(table, line) {
      waiting.push(line);
      size += line.length;
      if (size > AIM) await flush(table);
    },
    flush,
    async close() {
      for (const table of tables) {
        await tx.unsafe(`alter table ${quoted(table.name)} enable trigger user`);
        await advance(tx, table);
      }
      for (const { name } of walls) {
        await tx.unsafe(`alter table ${quoted(name)} force row level security`);
      }
      for (const { table, name, definition } of keys) {
        await tx.unsafe(`alter table ${table} add constraint ${quoted(name)} ${definition}`);
      }
    },
  };
}

function insertOf({ name, columns }: Table): string {
  const list = columns.map((it) => quoted(it.name)).join(", ");
  const values = columns.map(({ type }, at) => `(r->>${at})::${type}`).join(", ");
  return `insert into ${quoted(name)} (${list}) overriding system value
    select ${values} from jsonb_array_elements($1::text::jsonb) as r`;
}

/** Counters go on after the highest number that was restored. */
async function advance(tx: Sql, { name, columns }: Table): Promise<void> {
  for (const column of columns) {
    if (!/^(bigint|integer|smallint)$/.test(column.type)) continue;
    await tx.unsafe(`
      select setval(s, (select max(${quoted(column.name)}) from ${quoted(name)}))
      from pg_get_serial_sequence('${quoted(name)}', '${column.name}') s
      where s is not null and exists (select from ${quoted(name)})`);
  }
}
