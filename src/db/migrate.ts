import { createHash } from "node:crypto";
import pkg from "../../package.json" with { type: "json" };
import type { Log } from "../lib/log.ts";
import { PolarisError } from "../wire/error.ts";
import type { Sql, Tx } from "./db.ts";
import { MIGRATIONS } from "./migrations.ts";

/** `name` is the file's, 0001_first; its number is its place in the list. */
export interface Migration {
  name: string;
  sql: string;
}

interface Applied {
  number: number;
  name: string;
  checksum: string;
  polaris: string;
}

/** "polaris", as a number: whoever holds this advisory lock may change the schema. */
const LOCK = 0x706f6c61726973n.toString();

/**
 * Brings the schema to this version and returns the names of what was applied. Safe to call from any number of
 * processes at once: each migration is one transaction that takes the lock and looks again at what is missing, so
 * a kill anywhere leaves a whole number of migrations.
 */
export async function migrate(
  sql: Sql,
  { log, migrations = MIGRATIONS }: { log: Log; migrations?: readonly Migration[] },
): Promise<string[]> {
  const applied: string[] = [];
  for (;;) {
    const startedAt = performance.now();
    const name = await sql.begin((tx) => step(tx, migrations));
    if (!name) return applied;
    applied.push(name);
    log.info("database.migrated", { name, ms: Math.round(performance.now() - startedAt) });
  }
}

/** What `migrate` would apply, changing nothing; throws as it would. */
export async function missing(
  sql: Sql,
  migrations: readonly Migration[] = MIGRATIONS,
): Promise<string[]> {
  const [there] = await sql<{ is: boolean }[]>`
    select to_regclass('schema_version') is not null as is`;
  const rows = there?.is
    ? await sql<
        Applied[]
      >`select number, name, checksum, polaris from schema_version order by number`
    : [];
  compare(rows, migrations);
  return migrations.slice(rows.length).map(({ name }) => name);
}

/** Applies the first missing one and returns its name; nothing when all are there. */
async function step(tx: Tx, migrations: readonly Migration[]): Promise<string | undefined> {
  await tx`select pg_advisory_xact_lock(${LOCK}::bigint)`;
  await tx.unsafe(TABLE);
  const rows = await tx<Applied[]>`
    select number, name, checksum, polaris from schema_version order by number`;
  compare(rows, migrations);
  const next = migrations[rows.length];
  if (!next) return undefined;
  try {
    await tx.unsafe(next.sql).simple();
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new PolarisError("database_failed", `Migration ${next.name} failed: ${why}`, {
      hint: "Nothing of it was kept; the schema is as it was before.",
      cause,
    });
  }
  await tx`
    insert into schema_version (number, name, checksum, polaris)
    values (${rows.length + 1}, ${next.name}, ${checksum(next)}, ${pkg.version})`;
  return next.name;
}

/** What is applied must be the beginning of what we know. */
function compare(rows: readonly Applied[], migrations: readonly Migration[]): void {
  const last = rows.at(-1);
  if (last && rows.length > migrations.length) {
    throw new PolarisError(
      "schema_too_new",
      `The database is at schema ${last.name}, made by Polaris ${last.polaris}; this is ${pkg.version}.`,
      { hint: `Use Polaris ${last.polaris} or newer.` },
    );
  }
  for (const [index, row] of rows.entries()) {
    const known = migrations[index];
    if (known && row.number === index + 1 && row.checksum === checksum(known)) continue;
    throw new PolarisError(
      "migration_changed",
      `Migration ${row.name} was applied by Polaris ${row.polaris} and reads differently here.`,
      { hint: "Use an official build; a schema change needs a migration of its own." },
    );
  }
}

export const checksum = ({ sql }: Migration): string =>
  createHash("sha256").update(sql).digest("hex");

const TABLE = `
  create table if not exists schema_version (
    number integer primary key,
    name text not null,
    checksum text not null,
    polaris text not null,
    applied_at timestamptz not null default now()
  )`;
