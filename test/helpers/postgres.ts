import { open } from "../../src/db/db.ts";
import { type Embedded, startEmbedded } from "../../src/db/embedded.ts";
import { migrate } from "../../src/db/migrate.ts";
import { silent } from "../../src/lib/log.ts";
import { temporary } from "./temp.ts";

/**
 * One real PostgreSQL for all test files of a run, and in it a migrated template that each file clones (about 30 ms).
 */
interface Shared {
  embedded: Embedded;
  folder: AsyncDisposable;
}
let shared: Promise<Shared> | undefined;
let databases = 0;

async function start(): Promise<Shared> {
  const folder = temporary("polaris-test-pg-");
  const embedded = await startEmbedded({ dataDir: folder.path, log: silent });
  const admin = open(embedded.connection, { max: 1 });
  await admin.unsafe("alter system set max_connections = 300");
  await admin.unsafe("create database template_polaris");
  const template = open({ ...embedded.connection, database: "template_polaris" }, { max: 1 });
  await migrate(template, { log: silent });
  await template.close({ timeout: 5 });
  await admin.close({ timeout: 5 });
  return { embedded, folder };
}

export async function stopShared(): Promise<void> {
  const running = await shared?.catch(() => undefined);
  if (!running) return;
  await running.embedded[Symbol.asyncDispose]();
  await running.folder[Symbol.asyncDispose]();
}

/** A fresh, migrated database of its own; `admin` is the superuser's view of it, for looking behind the walls. */
export async function freshDatabase() {
  shared ??= start();
  const { embedded } = await shared;
  const name = `test_${process.pid}_${++databases}`;
  const root = open(embedded.connection, { max: 1 });
  await root.unsafe(`create database ${name} template template_polaris`);
  const place = { ...embedded.connection, database: name };
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
