import { randomBytes } from "node:crypto";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { backoff, pause } from "../lib/backoff.ts";
import { writeAtomic } from "../lib/file.ts";
import { brief, type Log } from "../lib/log.ts";
import { until } from "../lib/until.ts";
import { PolarisError } from "../wire/error.ts";
import { type Cluster, prepare } from "./cluster.ts";
import { open } from "./db.ts";
import { place } from "./place.ts";
import { isAlive, launch, type Postmaster, running, stop } from "./postmaster.ts";
import { PORT } from "./socket.ts";
import { tidy, unpack } from "./unpack.ts";

/** The superuser of our own PostgreSQL, on a unix socket. */
export interface Connection {
  host: string;
  port: number;
  username: string;
  password: string;
  database: string;
}

export interface Embedded extends AsyncDisposable {
  connection: Connection;
  /** Of PostgreSQL, e.g. 18.4. */
  version: string;
  /** Changes when the postmaster died and was started again. */
  pid(): number;
}

export interface EmbeddedOptions {
  dataDir: string;
  log: Log;
  /** Told what takes long, one short line at a time. */
  progress?: (line: string) => void;
}

/**
 * Polaris's own PostgreSQL in `dataDir`: unpacked and created the first time, found again or restarted after a crash
 * of Polaris, of PostgreSQL or of both, and stopped with the returned value. Hold `lockDataDir` around it.
 */
export async function startEmbedded({
  dataDir,
  log,
  progress = () => {},
}: EmbeddedOptions): Promise<Embedded> {
  const where = place(dataDir);
  const programs = await unpack(where, progress);
  const password = passwordOf(resolve(dataDir), existsSync(join(where.home, "cluster")));
  const cluster: Cluster = { ...where, programs, password, progress };
  const folder = await prepare(cluster);
  const found = await reuse(cluster, folder);
  if (!found) progress("starting PostgreSQL");
  let current = found ?? (await launch(cluster, folder));
  tidy(where.home, programs);
  log.info("database.ready", { version: programs.version, pid: current.pid, isReused: !!found });

  const stopping = new AbortController();
  const watching = watch();

  return {
    connection: connectionOf(current, password),
    version: programs.version,
    pid: () => current.pid,
    async [Symbol.asyncDispose]() {
      stopping.abort();
      await watching;
      await stop(current);
      // A socket folder under the temp directory is ours alone; the one beside the cluster stays.
      if (current.socket !== join(where.home, "run")) {
        rmSync(current.socket, { recursive: true, force: true });
      }
      log.info("database.stopped");
    },
  };

  /** PostgreSQL may be killed under us (out of memory, an administrator): it comes back on the same socket. */
  async function watch(): Promise<void> {
    const wait = backoff();
    const { signal } = stopping;
    for (; !signal.aborted; await pause(500, signal)) {
      if (isAlive(current.pid)) continue;
      log.error("database.died", { pid: current.pid });
      try {
        current = await launch(cluster, folder, current.socket);
        wait.reset();
        log.info("database.restarted", { pid: current.pid });
      } catch (error) {
        log.error("database.restart_failed", { error: brief(error) });
        await pause(wait.next(), signal);
      }
    }
  }
}

/** The database of a server that runs on this data directory; undefined when none runs. For what only reads beside it. */
export function attach(dataDir: string): Connection | undefined {
  if (!existsSync(join(dataDir, "database.password"))) return undefined;
  const found = running(join(place(dataDir).home, "cluster"));
  return found && connectionOf(found, passwordOf(resolve(dataDir), true));
}

/** A postmaster that an earlier Polaris left running serves on, when it answers and is of our version. */
async function reuse(cluster: Cluster, folder: string): Promise<Postmaster | undefined> {
  // One that recovers would only begin again if we restarted it.
  const settled = () => {
    const now = running(folder);
    return !now || now.isReady ? { now } : undefined;
  };
  const { now: found } = await until(settled, { timeoutMs: 60_000 }).catch(() => ({
    now: running(folder),
  }));
  if (!found) return undefined;
  if ((await ask(found, cluster.password)) === cluster.programs.version) return found;
  await stop(found);
  return undefined;
}

async function ask(postmaster: Postmaster, password: string): Promise<string | undefined> {
  const sql = open(connectionOf(postmaster, password), { max: 1 });
  try {
    const [row] = await sql<{ version: string }[]>`
      select current_setting('server_version') as version`;
    return row?.version;
  } catch {
    return undefined;
  } finally {
    await sql.close({ timeout: 1 });
  }
}

function connectionOf({ socket }: Postmaster, password: string): Connection {
  return { host: socket, port: PORT, username: "postgres", password, database: "postgres" };
}

function passwordOf(dataDir: string, hasCluster: boolean): string {
  const file = join(dataDir, "database.password");
  if (existsSync(file)) return readFileSync(file, "utf8").trim();
  if (hasCluster) {
    throw new PolarisError("database_failed", `${file} is missing.`, {
      hint: "Put it back from a backup of the data directory: the database cluster asks for it.",
    });
  }
  const password = randomBytes(24).toString("base64url");
  writeAtomic(file, `${password}\n`);
  return password;
}
