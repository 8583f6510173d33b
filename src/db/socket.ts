import { chmodSync, mkdirSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { canEnter, give } from "./owner.ts";
import type { Place } from "./place.ts";

/** Part of the socket's file name; nothing listens on the network. */
export const PORT = 5432;

/** A socket's whole path may have 107 bytes on Linux and 103 on macOS. */
const LONGEST = 100;

/**
 * The folder of PostgreSQL's socket: `run` beside the cluster, or a private one under the temp directory when that
 * path is too long. Nothing needs to remember the latter: postmaster.pid names it while a server uses it.
 */
export function socketFolder({ home, owner }: Place): string {
  const beside = join(home, "run");
  const fits = Buffer.byteLength(join(beside, `.s.PGSQL.${PORT}`)) <= LONGEST;
  const folder = fits ? beside : mkdtempSync(join(temporary(owner), "polaris-"));
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  chmodSync(folder, 0o700);
  give(folder, owner);
  return folder;
}

function temporary(owner: Place["owner"]): string {
  const folder = tmpdir();
  const isShort = Buffer.byteLength(folder) <= 60;
  return isShort && (!owner || canEnter(folder, owner)) ? folder : "/tmp";
}
