import { existsSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { linesOf } from "../db/backup/backup.ts";
import { load } from "../db/backup/load.ts";
import { isBackup, shelfAt } from "../db/backup/shelf.ts";
import { openDataDir } from "../db/place.ts";
import { writeAtomic } from "../lib/file.ts";
import { startLog } from "../lib/log.ts";
import { PolarisError } from "../wire/error.ts";
import { parse } from "./args.ts";
import { dataDirOf } from "./data-dir.ts";
import { backupSettings, identityOf } from "./kit/backup-settings.ts";
import { withDatabase } from "./kit/database.ts";
import { configure } from "./kit/server-env.ts";

export const help = `
Usage: polaris restore BACKUP [options]

Puts a backup into an empty server: all of it or nothing. BACKUP is a file, s3://bucket/prefix/NAME, or "latest" of
POLARIS_BACKUP_TO. With DATABASE_URL it goes into that database, else into a new one in the data directory, whichever
kind it came from. The server must not be running.

  --identity FILE     the key that opens an encrypted one (or POLARIS_BACKUP_IDENTITY)
  --data-dir DIR      of the new server (POLARIS_DATA_DIR, default ~/.polaris/server)
  --json              print the result as JSON

Examples:
  polaris restore /mnt/backups/polaris-20261121T030000.000Z.zst --data-dir /var/lib/polaris
  polaris restore latest
  DATABASE_URL=postgres://polaris@db.internal/polaris polaris restore s3://team-backups/polaris/polaris-….zst.age
`;

export async function run(args: string[]): Promise<void> {
  configure(args);
  const { values, positionals } = parse({
    args,
    allowPositionals: true,
    options: {
      identity: { type: "string" },
      "data-dir": { type: "string", default: dataDirOf(process.env) },
      json: { type: "boolean", default: false },
    },
  });
  const [wanted, ...more] = positionals;
  if (!wanted || more.length > 0)
    throw new PolarisError("usage", "Name one backup.", { hint: "See --help." });
  const { shelf, name } = await find(wanted);
  const dataDir = values["data-dir"];
  const startedAt = performance.now();
  const log = startLog("restore");
  const found = await withDatabase(
    { dataDir, databaseUrl: process.env.DATABASE_URL || undefined, log },
    (sql) => load(sql, linesOf(shelf.read(name), name, identityOf(values.identity)), { log }),
  );
  const { header, rows, tables, applied } = found;
  const files = keep(dataDir, header.files);
  const seconds = (performance.now() - startedAt) / 1000;
  if (values.json) {
    return void console.log(
      JSON.stringify({ name, at: header.at, rows, tables, applied, files, seconds }),
    );
  }
  console.log(
    `✓ ${rows.toLocaleString("en")} rows of ${header.at} are back (${seconds.toFixed(1)} s). Start it: polaris serve`,
  );
  if (files.length === 0) {
    console.log(
      "  The server's secret was not in it: machines sign in anew by themselves, Slack is connected again.",
    );
  }
}

async function find(wanted: string) {
  if (wanted === "latest") {
    const settings = backupSettings();
    if (!settings) {
      throw new PolarisError("usage", "POLARIS_BACKUP_TO is not set.", {
        hint: "Name the backup.",
      });
    }
    const shelf = shelfAt(settings.to);
    const [newest] = await shelf.list();
    if (newest) return { shelf, name: newest.name };
    throw new PolarisError("not_found", `There is no backup in ${settings.to}.`);
  }
  const at = wanted.lastIndexOf("/");
  const isRemote = wanted.startsWith("s3://");
  const name = isRemote ? wanted.slice(at + 1) : basename(wanted);
  if (!isBackup(name) || (!isRemote && !existsSync(wanted))) {
    throw new PolarisError("not_found", `${wanted} is not a backup.`, {
      hint: "Its name is polaris-<time>.zst or .zst.age; polaris backup --list shows what is there.",
    });
  }
  return { shelf: shelfAt(isRemote ? wanted.slice(0, at) : dirname(wanted)), name };
}

/** Secrets that came along, unless the data directory has its own. */
function keep(dataDir: string, files: Record<string, string>): string[] {
  const folder = openDataDir(dataDir);
  return Object.entries(files).flatMap(([name, content]) => {
    const path = join(folder, basename(name));
    if (existsSync(path)) return [];
    writeAtomic(path, content);
    return [name];
  });
}
