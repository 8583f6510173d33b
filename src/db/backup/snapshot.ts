import { createHash } from "node:crypto";
import pkg from "../../../package.json" with { type: "json" };
import { PolarisError } from "../../wire/error.ts";
import type { Sql } from "../db.ts";
import type { Header, Table } from "./format.ts";

/**
 * Everything in the database as lines (`format.ts`), of one moment: a single read-only transaction with one snapshot,
 * so that writers go on and are not seen. Yields several lines at a time.
 */
export async function* snapshot(
  sql: Sql,
  files: Record<string, string> = {},
): AsyncGenerator<string> {
  const tx = await sql.reserve();
  try {
    await tx`begin isolation level repeatable read read only`;
    const header = await headerOf(tx, files);
    yield `${JSON.stringify(header)}\n`;
    const orgs = await tx<{ id: string }[]>`select id from orgs order by id`;
    const walls = await wallsOf(tx);
    let total = 0;
    for (const table of header.tables) {
      yield `${JSON.stringify({ table: table.name })}\n`;
      const hash = createHash("sha256");
      let rows = 0;
      const parts = walls.has(table.name) ? orgs.map(({ id }) => id) : [null];
      for (const org of parts) {
        for await (const lines of rowsOf(tx, table, org)) {
          const text = `${lines.join("\n")}\n`;
          hash.update(text);
          rows += lines.length;
          yield text;
        }
      }
      await demandAll(tx, table, rows);
      yield `${JSON.stringify({ end: table.name, rows, sha256: hash.digest("hex") })}\n`;
      total += rows;
    }
    yield `${JSON.stringify({ done: true, rows: total })}\n`;
  } finally {
    await tx`rollback`.catch(() => {});
    tx.release();
  }
}

/** Sign-ins on their way (ten minutes) belong to no organisation yet, and `schema_version` is the header's. */
const PASSING = ["sign_ins", "grants", "schema_version"];

async function headerOf(tx: Sql, files: Record<string, string>): Promise<Header> {
  const [server] = await tx<{ version: string; at: Date }[]>`
    select current_setting('server_version') as version, now() as at`;
  const schema = await tx<Header["schema"]>`
    select name, checksum from schema_version order by number`;
  // Generated columns come by themselves. The order of columns is the schema's, the same wherever it was migrated.
  const tables = await tx<{ name: string; columns: Table["columns"] }[]>`
    select c.relname as name,
      json_agg(json_build_object('name', a.attname, 'type', format_type(a.atttypid, a.atttypmod)) order by a.attnum)
        as columns
    from pg_class c join pg_attribute a on a.attrelid = c.oid
    where c.relnamespace = current_schema()::regnamespace and c.relkind = 'r'
      and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
      and c.relname <> all(${tx.array(PASSING, "TEXT")})
    group by c.oid, c.relname order by c.relname`;
  return {
    "polaris-backup": 1,
    polaris: pkg.version,
    postgresql: server?.version ?? "",
    at: (server?.at ?? new Date()).toISOString(),
    schema: [...schema],
    tables: [...tables],
    files,
  };
}

/** Tables behind row-level security are read organisation by organisation: so it takes no superuser. */
async function wallsOf(tx: Sql): Promise<Set<string>> {
  const rows = await tx<{ name: string }[]>`
    select c.relname as name from pg_class c
    join pg_attribute a on a.attrelid = c.oid and a.attname = 'org_id'
    where c.relnamespace = current_schema()::regnamespace and c.relrowsecurity`;
  return new Set(rows.map(({ name }) => name));
}

/** What is fetched at once aims at this many characters: an event may have ten million, or two hundred. */
const AIM = 2_000_000;
const MOST = 2_000;

async function* rowsOf(tx: Sql, table: Table, org: string | null): AsyncGenerator<string[]> {
  const name = quoted(table.name);
  const key = await keyOf(tx, table.name);
  const list = table.columns.map((it) => `${quoted(it.name)}::text`).join(", ");
  const row = `json_build_array(${list})::text`;
  await tx`select set_config('polaris.org', ${org ?? ""}, true)`;
  const where = org === null ? "" : await withinOrg(tx, table, org);
  const order = key.length > 0 ? key.map(quoted).join(", ") : "1";
  await tx.unsafe(
    `declare rows no scroll cursor for select ${row} as line from ${name} ${where} order by ${order}`,
  );
  for (let count = 50; ; ) {
    const rows: { line: string }[] = await tx.unsafe(`fetch ${count} from rows`);
    if (rows.length === 0) break;
    const lines = rows.map(({ line }) => line);
    yield lines;
    const average = lines.reduce((sum, line) => sum + line.length, 0) / lines.length;
    count = Math.max(1, Math.min(MOST, count * 4, Math.floor(AIM / average)));
  }
  await tx`close rows`;
}

/** By the projects, where rows have one: the primary keys begin with it, and nothing is read twice. */
async function withinOrg(tx: Sql, { columns }: Table, org: string): Promise<string> {
  if (!columns.some(({ name }) => name === "project_id")) return `where org_id = '${org}'`;
  const projects = await tx<{ id: string }[]>`select id from projects where org_id = ${org}`;
  const ids = projects.map(({ id }) => id).join(",");
  return `where org_id = '${org}' and (project_id = any('{${ids}}') or project_id is null)`;
}

async function keyOf(tx: Sql, table: string): Promise<string[]> {
  const rows = await tx<{ name: string }[]>`
    select a.attname as name
    from pg_index i, unnest(i.indkey) with ordinality k(n, place), pg_attribute a
    where i.indrelid = format('%I', ${table}::text)::regclass and i.indisprimary
      and a.attrelid = i.indrelid and a.attnum = k.n
    order by k.place`;
  return rows.map(({ name }) => name);
}

/** Who sees past the walls counts everything: a row of no organisation would be left out in silence. */
async function demandAll(tx: Sql, { name }: Table, rows: number): Promise<void> {
  const [role] = await tx<{ all: boolean }[]>`
    select rolsuper or rolbypassrls as all from pg_roles where rolname = current_user`;
  if (!role?.all) return;
  const [found]: { count: string }[] = await tx.unsafe(
    `select count(*) as count from ${quoted(name)}`,
  );
  if (Number(found?.count) === rows) return;
  throw new PolarisError(
    "backup_failed",
    `${name} has ${found?.count} rows, and ${rows} belong to an organisation.`,
  );
}

export const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;
