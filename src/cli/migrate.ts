import { homedir } from "node:os";
import { join } from "node:path";
import { open } from "../db/db.ts";
import { startEmbedded } from "../db/embedded.ts";
import { lockDataDir } from "../db/lock.ts";
import { migrate } from "../db/migrate.ts";
import { startLog } from "../lib/log.ts";
import { parse } from "./args.ts";

export const help = `
polaris migrate: bring the database to this version's schema. "polaris serve" does the same when it starts.

Usage: polaris migrate [--json]

It works on DATABASE_URL, or else on the database of a stopped server in POLARIS_DATA_DIR (~/.polaris/server).

  --json   print one line: {"applied":["0001_first"],"database":"embedded"}

Examples:
  polaris migrate
  DATABASE_URL=postgres://polaris@db.example/polaris polaris migrate --json
`;

export async function run(args: string[]): Promise<void> {
  const { values } = parse({ args, options: { json: { type: "boolean", default: false } } });
  const url = process.env.DATABASE_URL;
  const applied = url ? await external(url) : await embedded();
  const database = url ? "external" : "embedded";
  if (values.json) return void console.log(JSON.stringify({ applied, database }));
  if (applied.length === 0) return void console.log("The schema is up to date.");
  for (const name of applied) console.log(`applied ${name}`);
}

async function external(url: string): Promise<string[]> {
  const sql = open({ url }, { max: 1 });
  try {
    return await migrate(sql, { log: startLog("db") });
  } finally {
    await sql.close({ timeout: 5 });
  }
}

async function embedded(): Promise<string[]> {
  const dataDir = process.env.POLARIS_DATA_DIR ?? join(homedir(), ".polaris", "server");
  using _lock = lockDataDir(dataDir);
  const log = startLog("db");
  const progress = (line: string) => console.error(`${line} …`);
  await using database = await startEmbedded({ dataDir, log, progress });
  const sql = open(database.connection, { max: 1 });
  try {
    return await migrate(sql, { log });
  } finally {
    await sql.close({ timeout: 5 });
  }
}
