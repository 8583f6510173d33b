import { z } from "zod";
import { open } from "../../src/db/db.ts";
import { type Connection, type Embedded, startEmbedded } from "../../src/db/embedded.ts";
import { migrate } from "../../src/db/migrate.ts";
import { silent } from "../../src/lib/log.ts";
import { temporary } from "./temp.ts";

/** One real PostgreSQL, and in it a migrated template that each file clones. */
interface Shared {
  connection: Connection;
  stop(): Promise<void>;
}
let shared: Promise<Shared> | undefined;

/** Where `npm test` has started one for all files; each worker forgets its modules after each file. */
const NAME = "POLARIS_TEST_POSTGRES";
const Given = z.object({
  host: z.string(),
  port: z.number(),
  username: z.string(),
  password: z.string(),
  database: z.string(),
});

async function start(): Promise<Shared> {
  const given = process.env[NAME];
  if (given) return { connection: Given.parse(JSON.parse(given)), stop: async () => {} };
  const folder = temporary("polaris-test-pg-");
  const embedded = await startEmbedded({ dataDir: folder.path, log: silent });
  await addTemplate(embedded);
  return {
    connection: embedded.connection,
    async stop() {
      await embedded[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}

/**
 * The PostgreSQL of a whole run, and the environment that leads its files to it. It forgets what it knows when the
 * machine stops: in memory and without syncing a clone takes 30 ms, on a busy disk it took 500, and a file that began
 * with a cluster of its own waited 2,300.
 */
export async function startForAll() {
  const folder = temporary("polaris-test-pg-");
  const options = { dataDir: folder.path, log: silent };
  {
    await using first = await startEmbedded(options);
    const admin = open(first.connection, { max: 1 });
    for (const setting of QUICK) await admin.unsafe(`alter system set ${setting}`);
    await admin.close({ timeout: 5 });
  }
  const embedded = await startEmbedded(options);
  await addTemplate(embedded);
  return {
    env: { [NAME]: JSON.stringify(embedded.connection) },
    async [Symbol.asyncDispose]() {
      await embedded[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}

/** Four workers, each with several servers of 8 to 16 connections; and a log that stays small. */
const QUICK = [
  "fsync = off",
  "full_page_writes = off",
  "max_connections = 400",
  "max_wal_size = '128MB'",
];

async function addTemplate({ connection }: Embedded): Promise<void> {
  const admin = open(connection, { max: 1 });
  await admin.unsafe("create database template_polaris");
  const template = open({ ...connection, database: "template_polaris" }, { max: 1 });
  await migrate(template, { log: silent });
  await template.close({ timeout: 5 });
  await admin.close({ timeout: 5 });
}

export async function stopShared(): Promise<void> {
  const running = await shared?.catch(() => undefined);
  await running?.stop();
}

/** A fresh, migrated database of its own; `admin` is the superuser's view of it, for looking behind the walls. */
export async function freshDatabase() {
  shared ??= start();
  const { connection } = await shared;
  const name = `test_${crypto.randomUUID().replaceAll("-", "")}`;
  const root = open(connection, { max: 1 });
  await root.unsafe(`create database ${name} template template_polaris`);
  const place = { ...connection, database: name };
  const admin = open(place, { max: 2 });
  return {
    place,
    admin,
    /** Ends every connection to it, as a crash of PostgreSQL does. */
    async cut(): Promise<void> {
      await root`select pg_terminate_backend(pid) from pg_stat_activity where datname = ${name}`;
    },
    async [Symbol.asyncDispose]() {
      await admin.close({ timeout: 1 });
      await root.unsafe(`drop database if exists ${name} with (force)`);
      await root.close({ timeout: 1 });
    },
  };
}
