import { readFileSync, watch } from "node:fs";
import { basename, dirname } from "node:path";
import { privateFolder, writeAtomic } from "../lib/file.ts";
import { PolarisError } from "../wire/error.ts";
import { Credentials } from "../wire/local.ts";

/** Undefined when nobody signed in; a file that cannot be read as credentials is an error, not a sign-out. */
export function readCredentials(path: string): Credentials | undefined {
  const text = contentOf(path);
  if (text === undefined) return undefined;
  const parsed = Credentials.safeParse(json(text));
  if (parsed.success) return parsed.data;
  throw new PolarisError("not_signed_in", `${path} does not hold credentials.`, {
    hint: "Sign in again: polaris login --url URL --token TOKEN",
  });
}

export function writeCredentials(path: string, credentials: Credentials): void {
  privateFolder(dirname(path));
  writeAtomic(path, `${JSON.stringify(credentials, null, 2)}\n`);
}

/**
 * Calls `changed` whenever the file's content is another than before. The folder is watched and not the file,
 * because an atomic write puts a new inode in its place.
 */
export function watchCredentials(path: string, changed: () => void): Disposable {
  let known = contentOf(path);
  const watcher = watch(dirname(path), (_, name) => {
    if (name !== null && name !== basename(path)) return;
    const now = contentOf(path);
    if (now === known) return;
    known = now;
    changed();
  });
  return { [Symbol.dispose]: () => watcher.close() };
}

function contentOf(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw new PolarisError("not_signed_in", `${path} cannot be read.`, { cause: error });
  }
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
