import { join } from "node:path";
import { take, verify } from "../db/backup/backup.ts";
import { makeKey } from "../db/backup/seal.ts";
import { shelfAt } from "../db/backup/shelf.ts";
import { startLog } from "../lib/log.ts";
import { PolarisError } from "../wire/error.ts";
import { parse } from "./args.ts";
import { dataDirOf } from "./data-dir.ts";
import { table } from "./job.ts";
import { backupSettings, identityOf, keepOf, secretsOf } from "./kit/backup-settings.ts";
import { withDatabase } from "./kit/database.ts";
import { configure } from "./kit/server-env.ts";

export const help = `
Usage: polaris backup [options]

Writes all of the database into one file, as it is at this moment, while the server goes on; reads the file back and
compares it before it counts. "polaris serve" does the same by itself when POLARIS_BACKUP_TO is set.

  --to WHERE          a folder, or s3://bucket/prefix (POLARIS_BACKUP_TO, default <data directory>/backups)
  --keep NUMBER       let older ones go, this many stay (POLARIS_BACKUP_KEEP; default: all stay)
  --recipient KEY     encrypt to this key of age, age1… (POLARIS_BACKUP_RECIPIENT); the server's secret goes along then
  --make-key          print a new pair of keys for age and end
  --list              the backups that are there, newest first
  --verify NAME       read that one from end to end and say what it holds
  --identity FILE     the key that opens an encrypted one (or POLARIS_BACKUP_IDENTITY)
  --data-dir DIR      of the server (POLARIS_DATA_DIR, default ~/.polaris/server)
  --json              print the result as JSON

S3 takes AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_REGION and, for others than Amazon, AWS_ENDPOINT.
POLARIS_BACKUP_EVERY (1d) is how often the server does it, POLARIS_BACKUP_KEEP (14) how many stay then.

Examples:
  polaris backup
  polaris backup --to /mnt/backups --keep 30
  polaris backup --to s3://team-backups/polaris --recipient age1…
  polaris backup --verify polaris-20261121T030000.000Z.zst
`;

export async function run(args: string[]): Promise<void> {
  configure(args);
  const { values } = parse({
    args,
    options: {
      to: { type: "string" },
      keep: { type: "string" },
      recipient: { type: "string" },
      "make-key": { type: "boolean", default: false },
      list: { type: "boolean", default: false },
      verify: { type: "string" },
      identity: { type: "string" },
      "data-dir": { type: "string", default: dataDirOf(process.env) },
      json: { type: "boolean", default: false },
    },
  });
  const say = (lines: string, result: object) =>
    console.log(values.json ? JSON.stringify(result) : lines);
  if (values["make-key"]) {
    const pair = await makeKey();
    return say(keyFile(pair), pair);
  }
  const settings = backupSettings();
  const dataDir = values["data-dir"];
  const shelf = shelfAt(values.to ?? settings?.to ?? join(dataDir, "backups"));

  if (values.list) {
    const kept = await shelf.list();
    const rows = kept.map(({ name, size }) => [name, megabytes(size)]);
    return say(rows.length > 0 ? table(rows) : `There is no backup in ${shelf.where}.`, { kept });
  }
  if (values.verify) {
    const name = values.verify;
    if (!(await shelf.list()).some((it) => it.name === name)) {
      throw new PolarisError("not_found", `There is no ${name} in ${shelf.where}.`, {
        hint: "polaris backup --list shows what is there.",
      });
    }
    const { header, tables, rows } = await verify(shelf, name, identityOf(values.identity));
    const { at, polaris, postgresql } = header;
    const line = `✓ ${name} is whole: ${count(rows)} rows, written by Polaris ${polaris} at ${at}.`;
    return say(line, { name, at, polaris, postgresql, rows, tables });
  }
  const startedAt = performance.now();
  const taken = await withDatabase(
    {
      dataDir,
      databaseUrl: process.env.DATABASE_URL || undefined,
      log: startLog("backup"),
      beside: true,
    },
    (sql) =>
      take(sql, {
        shelf,
        recipient: values.recipient ?? settings?.recipient,
        files: secretsOf(dataDir),
        keep: values.keep ? keepOf(values.keep) : settings?.keep,
      }),
  );
  const seconds = (performance.now() - startedAt) / 1000;
  say(
    `✓ ${shelf.where}/${taken.name}: ${count(taken.rows)} rows, ${megabytes(taken.size)}, verified (${seconds.toFixed(1)} s)`,
    { ...taken, where: shelf.where, seconds },
  );
}

const count = (rows: number): string => rows.toLocaleString("en");
const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;

const keyFile = ({ identity, recipient }: { identity: string; recipient: string }) =>
  `# Keep this away from the server; it opens the backups.\n# recipient: ${recipient}\n${identity}`;
