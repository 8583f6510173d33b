import { spawnSync } from "node:child_process";
import { chownSync, lchownSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { PolarisError } from "../wire/error.ts";

/** The system user PostgreSQL runs as when that is not our own. */
export interface Owner {
  uid: number;
  gid: number;
}

export const isRoot = (): boolean => process.getuid?.() === 0;

/** PostgreSQL refuses to run as root, so root lends it the first of these users that the system has. */
export function unprivileged(passwd = "/etc/passwd"): Owner {
  const users = new Map(readFileSync(passwd, "utf8").split("\n").map(parse));
  for (const name of ["polaris", "postgres", "nobody"]) {
    const owner = users.get(name);
    if (owner && owner.uid > 0) return owner;
  }
  throw new PolarisError("database_failed", "PostgreSQL cannot run as root.", {
    hint: "Run Polaris as an ordinary user, or add a system user named polaris.",
  });
}

function parse(line: string): [string, Owner] {
  const [name = "", , uid, gid] = line.split(":");
  return [name, { uid: Number(uid), gid: Number(gid) }];
}

/** Asks the kernel itself, so that groups, access lists and mount options count too. */
export function canEnter(folder: string, owner: Owner): boolean {
  const shell = ["-c", 'cd -- "$1"', "sh", folder];
  return spawnSync("/bin/sh", shell, { ...owner, cwd: "/", stdio: "ignore" }).status === 0;
}

/** Gives a file, or a folder with all that is in it, to `owner`; links themselves, never what they point to. */
export function give(path: string, owner: Owner | undefined): void {
  if (!owner) return;
  chownSync(path, owner.uid, owner.gid);
  for (const entry of readdirSync(path, { recursive: true })) {
    lchownSync(join(path, String(entry)), owner.uid, owner.gid);
  }
}
