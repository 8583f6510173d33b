import { open, type Sql } from "../../db/db.ts";
import { attach, startEmbedded } from "../../db/embedded.ts";
import { lockDataDir } from "../../db/lock.ts";
import type { Log } from "../../lib/log.ts";

export interface Wanted {
  dataDir: string;
  databaseUrl: string | undefined;
  log: Log;
  /** Beside a running server; else the data directory is ours alone for as long as we work. */
  beside?: boolean;
}

/** The database as its owner: DATABASE_URL, that of a running server, or our own, started for this. */
export async function withDatabase<T>(
  { dataDir, databaseUrl, log, beside = false }: Wanted,
  work: (sql: Sql) => Promise<T>,
): Promise<T> {
  const there = databaseUrl ? { url: databaseUrl } : beside ? attach(dataDir) : undefined;
  await using stack = new AsyncDisposableStack();
  if (!there) stack.use(lockDataDir(dataDir));
  const progress = (line: string) => console.error(`${line} …`);
  const place = there ?? stack.use(await startEmbedded({ dataDir, log, progress })).connection;
  const sql = open(place, { max: 3 });
  stack.defer(() => sql.close({ timeout: 5 }));
  return await work(sql);
}
