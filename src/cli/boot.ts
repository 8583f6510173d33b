import { rmSync } from "node:fs";
import { userInfo } from "node:os";
import { join, resolve } from "node:path";
import { claimOwner } from "../core/orgs.ts";
import { offer } from "../core/tokens.ts";
import { connect, type Db, open, type Place } from "../db/db.ts";
import { type Embedded, startEmbedded } from "../db/embedded.ts";
import { lockDataDir } from "../db/lock.ts";
import { migrate } from "../db/migrate.ts";
import { writeAtomic } from "../lib/file.ts";
import type { Log } from "../lib/log.ts";
import { type Server, startServer } from "../server/server.ts";
import { slugOf } from "../wire/participant.ts";
import { VERSION } from "./version.ts";

export interface BootOptions {
  dataDir: string;
  /** Absent: our own PostgreSQL in the data directory. */
  databaseUrl?: string | undefined;
  host: string;
  port: number;
  publicUrl?: string | undefined;
  /** Whom the owner's token speaks for. */
  owner?: string | undefined;
  log: Log;
  progress?: (line: string) => void;
}

/**
 * A whole server: lock, database, schema, owner, HTTP. Disposal undoes it in the opposite order, so that requests are
 * drained before the database goes.
 */
export async function boot(options: BootOptions) {
  const { log, progress } = options;
  const dataDir = resolve(options.dataDir);
  await using stack = new AsyncDisposableStack();
  stack.use(lockDataDir(dataDir));
  const embedded: Embedded | undefined = options.databaseUrl
    ? undefined
    : stack.use(await startEmbedded({ dataDir, log, ...(progress ? { progress } : {}) }));
  const place: Place = embedded ? embedded.connection : { url: options.databaseUrl ?? "" };
  const owners = open(place, { max: 1 });
  try {
    await migrate(owners, { log });
  } finally {
    await owners.close({ timeout: 5 });
  }
  const db: Db = stack.use(await connect(place));
  const participant = `user:${slugOf(options.owner ?? userName(), "owner")}`;
  const { token, caller } = await claimOwner(db, dataDir, participant);
  const { host, port, publicUrl } = options;
  const server: Server = stack.use(
    await startServer({ db, log, host, port, publicUrl, version: VERSION }),
  );
  // Where `polaris serve --claim` finds this server.
  writeAtomic(join(dataDir, "server.url"), `${server.url}\n`);
  stack.defer(() => rmSync(join(dataDir, "server.url"), { force: true }));
  const owned = stack.move();
  return {
    dataDir,
    url: server.url,
    publicUrl: server.publicUrl,
    token,
    participant: caller.participant,
    database: embedded ? ("embedded" as const) : ("external" as const),
    /** A fresh one-time sign-in link. */
    async claimLink(next = "/app"): Promise<string> {
      const code = await offer(db, caller);
      return `${server.publicUrl}/claim?code=${code}&next=${encodeURIComponent(next)}`;
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
export type Booted = Awaited<ReturnType<typeof boot>>;

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return "owner"; // a container's user without an entry in /etc/passwd
  }
}
