import { createHash } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, readFileSync, statSync } from "node:fs";
import { dirname, isAbsolute, join, resolve } from "node:path";
import { writeAtomic } from "../lib/file.ts";
import { PolarisError } from "../wire/error.ts";
import { canEnter, give, isRoot, type Owner, unprivileged } from "./owner.ts";

/** Where the cluster and its programs live, and which user they belong to (undefined: ours). */
export interface Place {
  home: string;
  owner: Owner | undefined;
}

/**
 * Normally the data directory itself. As root below a folder that PostgreSQL's user cannot enter (/root is 0700),
 * it is a folder of its own under /var/lib/polaris, named in `<data directory>/database.location`.
 */
export function place(dataDir: string, elsewhere = "/var/lib/polaris"): Place {
  const path = openDataDir(dataDir);
  const note = join(path, "database.location");
  if (existsSync(note)) return owned(noted(note));
  if (!isRoot() || existsSync(join(path, "cluster"))) return owned(path);
  if (canEnter(dirname(path), unprivileged())) return owned(path);
  const home = join(elsewhere, createHash("sha256").update(path).digest("hex").slice(0, 16));
  writeAtomic(note, `${home}\n`);
  return owned(home);
}

/**
 * Makes the data directory if it is missing and returns its absolute path. As root others may pass through it (and
 * through new folders above it) without looking around: PostgreSQL's user has to.
 */
export function openDataDir(dataDir: string): string {
  const path = resolve(dataDir);
  mkdirSync(path, { recursive: true, mode: isRoot() ? 0o711 : 0o700 });
  return path;
}

function noted(note: string): string {
  const home = readFileSync(note, "utf8").trim();
  if (isAbsolute(home)) return home;
  throw new PolarisError("database_failed", `${note} does not name a folder.`, {
    hint: "It holds the absolute path of the folder with the database cluster.",
  });
}

function owned(home: string): Place {
  if (!isRoot()) {
    mkdirSync(home, { recursive: true, mode: 0o700 });
    demandOurs(join(home, "cluster"));
    return { home, owner: undefined };
  }
  mkdirSync(home, { recursive: true, mode: 0o711 });
  // The other user passes through and cannot look around; every secret in here is 0600.
  chmodSync(home, 0o711);
  const cluster = join(home, "cluster");
  if (!existsSync(cluster)) return { home, owner: unprivileged() };
  const { uid, gid } = statSync(cluster);
  if (uid > 0) return { home, owner: { uid, gid } };
  // Restored or copied by root: PostgreSQL could not read it.
  const owner = unprivileged();
  give(cluster, owner);
  return { home, owner };
}

/** PostgreSQL runs only as the owner of its cluster, and only root may become another user. */
function demandOurs(cluster: string): void {
  if (!existsSync(cluster) || statSync(cluster).uid === process.getuid?.()) return;
  throw new PolarisError("database_failed", `${cluster} belongs to another user.`, {
    hint: "Run Polaris as that user, or give the data directory to this one (chown -R).",
  });
}
