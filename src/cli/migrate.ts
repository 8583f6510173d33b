import { migrate, missing } from "../db/migrate.ts";
import { startLog } from "../lib/log.ts";
import { parse } from "./args.ts";
import { dataDirOf } from "./data-dir.ts";
import { withDatabase } from "./kit/database.ts";
import { configure } from "./kit/server-env.ts";

export const help = `
polaris migrate: bring the database to this version's schema. "polaris serve" does the same when it starts.

Usage: polaris migrate [--check] [--data-dir DIR] [--json]

It works on DATABASE_URL, or else on the database of a stopped server in the data directory (POLARIS_DATA_DIR,
~/.polaris/server).

  --check  change nothing: say what would be applied, also beside a running server; the exit code is 1 when something
           would, or when the database is newer than this version
  --json   print one line: {"applied":["0001_first"],"database":"embedded"}, or {"missing":[…],"database":…}

Before an upgrade: polaris backup. To another major version of our own PostgreSQL: polaris backup with the old
executable, polaris restore with the new one into a new data directory.

Examples:
  polaris migrate
  polaris migrate --check
  DATABASE_URL=postgres://polaris@db.example/polaris polaris migrate --json
`;

export async function run(args: string[]): Promise<void> {
  configure(args);
  const { values } = parse({
    args,
    options: {
      check: { type: "boolean", default: false },
      "data-dir": { type: "string", default: dataDirOf(process.env) },
      json: { type: "boolean", default: false },
    },
  });
  const databaseUrl = process.env.DATABASE_URL || undefined;
  const log = startLog("db");
  const place = { dataDir: values["data-dir"], databaseUrl, log, beside: values.check };
  const names = await withDatabase(place, (sql) =>
    values.check ? missing(sql) : migrate(sql, { log }),
  );
  if (values.check && names.length > 0) process.exitCode = 1;
  const database = databaseUrl ? "external" : "embedded";
  if (values.json) {
    const key = values.check ? "missing" : "applied";
    return void console.log(JSON.stringify({ [key]: names, database }));
  }
  if (names.length === 0) return void console.log("The schema is up to date.");
  for (const name of names) console.log(`${values.check ? "missing" : "applied"} ${name}`);
}
