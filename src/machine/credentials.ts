import { closeSync, constants, openSync, readFileSync, watch } from "node:fs";
import { basename, dirname } from "node:path";
import { z } from "zod";
import { privateFolder, writeAtomic } from "../lib/file.ts";
import { PolarisError } from "../wire/error.ts";
import { Credentials, Profile } from "../wire/local.ts";
import { locked } from "./lock.ts";
import type { Paths } from "./paths.ts";

/** Before there were profiles the file held one sign-in. */
const One = z.object({ url: z.url(), token: z.string().min(1), participant: z.string() });

export const NOBODY: Credentials = { current: null, profiles: {} };

/** Nobody has signed in: no profiles. A file that cannot be read as credentials is an error, not a sign-out. */
export function readCredentials(path: string): Credentials {
  const text = contentOf(path);
  if (text === undefined) return NOBODY;
  const credentials = parsed(text);
  if (credentials) return credentials;
  throw new PolarisError("not_signed_in", `${path} does not hold credentials.`, {
    hint: "Sign in again: polaris login",
  });
}

function parsed(text: string): Credentials | undefined {
  const value = json(text);
  const whole = Credentials.safeParse(value);
  if (whole.success) return whole.data;
  const one = One.safeParse(value);
  const profile = one.success ? Profile.safeParse(one.data) : undefined;
  return profile?.success ? { current: "default", profiles: { default: profile.data } } : undefined;
}

export function writeCredentials(path: string, credentials: Credentials): void {
  privateFolder(dirname(path));
  writeAtomic(path, `${JSON.stringify(credentials, null, 2)}\n`);
}

/** Reads, changes and writes the file while no other process does. `change` answers undefined to leave it as it is. */
export async function changeCredentials(
  place: Pick<Paths, "credentials" | "credentialsLock">,
  change: (before: Credentials) => Credentials | undefined,
): Promise<void> {
  await locked(place.credentialsLock, () => {
    const after = change(readCredentials(place.credentials));
    if (after) writeCredentials(place.credentials, after);
  });
}

/** Keeps this sign-in under its name, and makes it the current one. A file that cannot be read is written anew. */
export async function signIn(
  place: Pick<Paths, "credentials" | "credentialsLock">,
  name: string,
  profile: Profile,
): Promise<void> {
  await locked(place.credentialsLock, () => {
    const { profiles } = readable(place.credentials);
    const after = { current: name, profiles: { ...profiles, [name]: profile } };
    writeCredentials(place.credentials, after);
  });
}

/** As `readCredentials`, for whoever signs in: content that is none does not keep anybody from it. */
export function readable(path: string): Credentials {
  const text = contentOf(path);
  return (text === undefined ? undefined : parsed(text)) ?? NOBODY;
}

/**
 * Calls `changed` whenever the file's content is another than before. The folder is watched and not the file,
 * because an atomic write puts a new inode in its place.
 */
export function watchCredentials(path: string, changed: () => void): Disposable {
  let known = quietly(path);
  const watcher = watch(dirname(path), (_, name) => {
    if (name !== null && name !== basename(path)) return;
    const now = quietly(path);
    if (now === known) return;
    known = now;
    changed();
  });
  return { [Symbol.dispose]: () => watcher.close() };
}

/** A link in the file's place is refused: whoever could put it there would choose what we read as our own. */
function contentOf(path: string): string | undefined {
  try {
    const fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW);
    try {
      return readFileSync(fd, "utf8");
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code === "ENOENT") return undefined;
    throw new PolarisError("not_signed_in", `${path} cannot be read.`, {
      hint: code === "ELOOP" ? "It is a link; it must be a file of its own." : "",
      cause: error,
    });
  }
}

function quietly(path: string): string | undefined {
  try {
    return contentOf(path);
  } catch {
    // Whoever is told of the change reads it again and says what is wrong.
    return "unreadable";
  }
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
