import {
  accessSync,
  chmodSync,
  closeSync,
  constants,
  copyFileSync,
  existsSync,
  fsyncSync,
  openSync,
  renameSync,
  rmSync,
  writeSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { privateFolder } from "../../lib/file.ts";
import { fetchManifest, type Manifest, open } from "../../machine/manifest.ts";
import type { Paths } from "../../machine/paths.ts";
import { releasesUrl } from "../../machine/releases.ts";
import { PolarisError } from "../../wire/error.ts";
import { VERSION } from "../version.ts";
import { isCompiled } from "./plugin.ts";

/** A download of 130 MB over a slow line; the connection's own silence ends it earlier. */
const DOWNLOAD_MS = 30 * 60_000;

export interface Available {
  releases: string;
  manifest: Manifest;
  /** Above 0: newer than this program; below: older. */
  order: number;
}

export async function available(place: Paths): Promise<Available> {
  const releases = releasesUrl(place);
  if (!releases) {
    throw new PolarisError("no_releases", "Nobody has said where releases lie.", {
      hint: "Set POLARIS_RELEASES_URL to a folder or an address that holds manifest.json.",
    });
  }
  const manifest = await fetchManifest(releases);
  return { releases, manifest, order: Bun.semver.order(manifest.version, VERSION) };
}

/**
 * Fetches beside the executable, checks length, SHA-256 and that it runs and says its version, keeps the present one,
 * and only then renames: the program is the old one or the new one, never half. A new one that cannot take over the
 * installation is taken back.
 */
export async function update(
  place: Paths,
  { releases, manifest }: Available,
  progress: (bytes: number, of: number) => void,
): Promise<void> {
  const executable = ourExecutable();
  const target = `${process.platform}-${process.arch}`;
  const release = manifest.targets[target];
  if (!release) {
    throw new PolarisError(
      "unsupported_platform",
      `${manifest.version} has nothing for ${target}.`,
    );
  }
  const fresh = `${executable}.update-${process.pid}`;
  try {
    await download(releases, release, fresh, progress);
    prove(fresh, manifest.version);
    keep(executable, place);
    renameSync(fresh, executable);
  } finally {
    rmSync(fresh, { force: true });
  }
  takeOver(executable, place);
}

/** Puts the version before this one back; this one is kept in turn. Answers its version. */
export function rollback(place: Paths): string {
  const executable = ourExecutable();
  const previous = previousPath(place);
  if (!existsSync(previous)) {
    throw new PolarisError("not_found", "No earlier version is kept here.", {
      hint: "It is kept by polaris update.",
    });
  }
  const version = versionOf(previous);
  if (!version) throw new PolarisError("release_failed", `${previous} does not run.`);
  const back = `${executable}.update-${process.pid}`;
  copyFileSync(previous, back);
  chmodSync(back, 0o755);
  keep(executable, place);
  renameSync(back, executable);
  refreshWith(executable);
  return version;
}

/** Hooks, skill and recorder become the new version's; should that fail, everything becomes the old version's again. */
function takeOver(executable: string, place: Paths): void {
  const words = refreshWith(executable);
  if (words === undefined) return;
  const back = `${executable}.update-${process.pid}`;
  copyFileSync(previousPath(place), back);
  chmodSync(back, 0o755);
  renameSync(back, executable);
  refreshWith(executable);
  throw new PolarisError("release_failed", `The new version did not start: ${words}`, {
    hint: "The version before it is in place again.",
  });
}

/** Runs the executable that now lies there; answers its words when it failed. */
function refreshWith(executable: string): string | undefined {
  const { exitCode, stderr } = Bun.spawnSync([executable, "install", "--refresh", "--json"], {
    stdin: "ignore",
    timeout: 120_000,
  });
  return exitCode === 0 ? undefined : `${stderr}`.trim().slice(-500) || `exit code ${exitCode}`;
}

function ourExecutable(): string {
  if (!isCompiled()) {
    throw new PolarisError("usage", "This Polaris runs from its source.", {
      hint: "Update the source instead: git pull.",
    });
  }
  try {
    accessSync(dirname(process.execPath), constants.W_OK);
  } catch (cause) {
    throw new PolarisError("release_failed", `${dirname(process.execPath)} cannot be written.`, {
      hint: "Update as the user who installed it.",
      cause,
    });
  }
  return process.execPath;
}

async function download(
  releases: string,
  { file, size, sha256 }: Manifest["targets"][string],
  path: string,
  progress: (bytes: number, of: number) => void,
): Promise<void> {
  const untrusted = (what: string) =>
    new PolarisError("release_untrusted", `${file} is not what the manifest names: ${what}.`, {
      hint: "Nothing was changed. Try again later, or tell whoever publishes it.",
    });
  const hash = new Bun.CryptoHasher("sha256");
  let bytes = 0;
  const fd = openSync(path, "wx", 0o700);
  try {
    for await (const part of await open(releases, file, DOWNLOAD_MS)) {
      bytes += part.length;
      if (bytes > size) throw untrusted(`it is longer than ${size} bytes`);
      hash.update(part);
      for (let at = 0; at < part.length; ) at += writeSync(fd, part, at);
      progress(bytes, size);
    }
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
  if (bytes !== size) throw untrusted(`${bytes} of ${size} bytes came`);
  if (hash.digest("hex") !== sha256) throw untrusted("its SHA-256 is another");
  chmodSync(path, 0o755);
}

function prove(path: string, version: string): void {
  const said = versionOf(path);
  if (said === version) return;
  throw new PolarisError(
    "release_failed",
    said ? `The file says it is ${said}, not ${version}.` : "The file does not run here.",
    { hint: "Nothing was changed." },
  );
}

function versionOf(path: string): string | undefined {
  try {
    const { exitCode, stdout } = Bun.spawnSync([path, "--version"], { timeout: 30_000 });
    return exitCode === 0 ? `${stdout}`.trim() : undefined;
  } catch {
    return undefined;
  }
}

const previousPath = (place: Paths): string => join(place.home, "previous", "polaris");

function keep(executable: string, place: Paths): void {
  privateFolder(place.home);
  privateFolder(dirname(previousPath(place)));
  const half = `${previousPath(place)}.tmp`;
  copyFileSync(executable, half);
  renameSync(half, previousPath(place));
}
