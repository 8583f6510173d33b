import { spawn } from "node:child_process";
import {
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
} from "node:fs";
import { join } from "node:path";
import { writeAtomic } from "../lib/file.ts";
import { PolarisError } from "../wire/error.ts";
import { give } from "./owner.ts";
import type { Place } from "./place.ts";
import { configure, save, THEIRS } from "./settings.ts";
import type { Programs } from "./unpack.ts";

/** What it takes to make and run the cluster. */
export interface Cluster extends Place {
  programs: Programs;
  /** Of the superuser `postgres`. */
  password: string;
  progress: (line: string) => void;
}

/** Makes the cluster if there is none and refuses one that these programs cannot run. Returns its folder. */
export async function prepare(cluster: Cluster): Promise<string> {
  const folder = join(cluster.home, "cluster");
  if (existsSync(folder) && readdirSync(folder).length === 0) rmdirSync(folder);
  if (!existsSync(folder)) await create(cluster, folder);
  check(folder, cluster.programs.version);
  configure(folder, join(cluster.programs.folder, "bin/postgres"), cluster.owner);
  return folder;
}

/**
 * initdb into a folder beside it, then one rename: a cluster exists whole or not at all, whenever we are killed.
 * LC_CTYPE matters only to text search's word parser; C.UTF-8 is missing on old glibc and on macOS.
 */
async function create(cluster: Cluster, folder: string): Promise<void> {
  const { home, owner } = cluster;
  cluster.progress("creating the database cluster");
  // A name of its own: the initdb of a Polaris that was killed may still be at work in another.
  const half = join(home, `cluster.${Bun.randomUUIDv7()}.new`);
  const secret = `${half}.password`;
  writeAtomic(secret, cluster.password);
  if (owner) chownSync(secret, owner.uid, owner.gid);
  try {
    let failure = "";
    for (const ctype of ["C.UTF-8", "en_US.UTF-8", "C"]) {
      rmSync(half, { recursive: true, force: true });
      mkdirSync(half, { mode: 0o700 });
      give(half, owner);
      failure = await initdb(cluster, [
        ...["-D", half, "-U", "postgres", `--pwfile=${secret}`, "--auth=scram-sha-256"],
        ...["--encoding=UTF8", "--data-checksums", "--locale=C", `--lc-ctype=${ctype}`],
        ...["--locale-provider=builtin", "--builtin-locale=C.UTF-8"],
      ]);
      if (!failure.includes("invalid locale")) break;
    }
    if (failure) {
      throw new PolarisError("database_failed", `initdb failed: ${failure}`, {
        hint: "Is the disk full, or on a file system without owners and locks?",
      });
    }
    save(join(half, "postgresql.conf"), THEIRS, owner);
    renameSync(half, folder);
  } finally {
    rmSync(secret, { force: true });
  }
}

/** Resolves with what went wrong, or with nothing. */
function initdb({ programs, owner }: Cluster, options: string[]): Promise<string> {
  const child = spawn(join(programs.folder, "bin/initdb"), options, {
    ...owner,
    cwd: "/",
    // No PG* variable of the caller may steer it; detached, so that Ctrl-C is ours to handle.
    env: { PATH: process.env.PATH ?? "" },
    stdio: ["ignore", "ignore", "pipe"],
    detached: true,
  });
  let text = "";
  child.stderr.setEncoding("utf8").on("data", (part: string) => {
    text += part;
  });
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => {
      if (code === 0) return resolve("");
      const line = text.split("\n").find((it) => /error:|FATAL|PANIC/.test(it)) ?? text;
      resolve(line.trim().slice(0, 300) || `exit code ${code}`);
    });
  });
}

function check(folder: string, version: string): void {
  const file = join(folder, "PG_VERSION");
  if (!existsSync(file) || !existsSync(join(folder, "global/pg_control"))) {
    throw new PolarisError("database_failed", `The database cluster ${folder} is damaged.`, {
      hint: "Restore it from a backup, or move the folder away to start with an empty database.",
    });
  }
  const made = readFileSync(file, "utf8").trim();
  if (made === version.split(".")[0]) return;
  throw new PolarisError(
    "database_version",
    `${folder} was made by PostgreSQL ${made}; this Polaris brings ${version}.`,
    {
      hint: `With the Polaris that made it: polaris backup. With this one: polaris restore into a new data directory.`,
    },
  );
}
