import { hkdfSync, randomBytes } from "node:crypto";
import { closeSync, constants, fstatSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { writeAtomic } from "../lib/file.ts";
import { PolarisError } from "../wire/error.ts";

export interface Key {
  /** Which key a token was signed with; made from the key itself, so that no name can be wrong. */
  kid: string;
  secret: Uint8Array;
  /** Encrypts what must be kept readable for us alone (core/seal.ts). */
  sealing: Uint8Array;
}

/** The key that signs, and those that still verify: it and the one before it. */
export interface Keys {
  current: Key;
  known: ReadonlyMap<string, Key>;
}

const LEAST_BYTES = 32;
const FILE = "server.secret";

/**
 * The secret of this server: from `POLARIS_SECRET` (and, after a rotation, `POLARIS_SECRET_PREVIOUS`), else from
 * `server.secret` in the data directory, made at the first start. There is no default. Several servers on one database
 * need the same `POLARIS_SECRET`.
 */
export function loadKeys(
  dataDir: string,
  env: Record<string, string | undefined> = process.env,
): Keys {
  const given = env.POLARIS_SECRET;
  if (given !== undefined && given !== "") {
    const previous = env.POLARIS_SECRET_PREVIOUS;
    return keysOf(
      previous ? [given, previous] : [given],
      previous ? "POLARIS_SECRET or POLARIS_SECRET_PREVIOUS" : "POLARIS_SECRET",
    );
  }
  const path = join(dataDir, FILE);
  const kept = read(path);
  if (kept) return keysOf(kept, path);
  const made = fresh();
  writeAtomic(path, `${made}\n`);
  return keysOf([made], path);
}

/** Puts a new secret before the present one, which goes on verifying until the next rotation. */
export function rotate(
  dataDir: string,
  env: Record<string, string | undefined> = process.env,
): void {
  if (env.POLARIS_SECRET) {
    throw new PolarisError("usage", "The secret comes from POLARIS_SECRET.", {
      hint: "Put a new one there, and the present one into POLARIS_SECRET_PREVIOUS.",
    });
  }
  const path = join(dataDir, FILE);
  const [current] = read(path) ?? [];
  writeAtomic(path, `${[fresh(), ...(current ? [current] : [])].join("\n")}\n`);
}

/** Keys from secrets, the signing one first. */
export function keysOf(secrets: readonly string[], from = "the secret"): Keys {
  const known = new Map<string, Key>();
  for (const text of secrets) {
    if (Buffer.byteLength(text) < LEAST_BYTES) {
      throw new PolarisError("secret_refused", `${from} is shorter than ${LEAST_BYTES} bytes.`, {
        hint: "Make one: openssl rand -base64 48",
      });
    }
    const key = {
      kid: derive(text, "kid", 8).toString("hex"),
      secret: derive(text, "access", 32),
      sealing: derive(text, "at rest", 32),
    };
    known.set(key.kid, key);
  }
  const [current] = known.values();
  if (!current) throw new PolarisError("secret_refused", `${from} holds no secret.`);
  return { current, known };
}

const fresh = (): string => randomBytes(48).toString("base64url");

/** Each use has a key of its own, so that none can be played off against another. */
const derive = (secret: string, use: string, bytes: number): Buffer =>
  Buffer.from(hkdfSync("sha256", secret, "polaris", use, bytes));

function read(path: string): string[] | undefined {
  let fd: number;
  try {
    fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  } catch (cause) {
    if (cause instanceof Error && "code" in cause && cause.code === "ENOENT") return undefined;
    throw new PolarisError("secret_refused", `${path} cannot be read.`, {
      hint: "It must be a file of its own (no link), readable by the server's user.",
      cause,
    });
  }
  try {
    const { mode } = fstatSync(fd);
    if ((mode & 0o077) !== 0) {
      throw new PolarisError("secret_refused", `${path} can be read by others.`, {
        hint: `If nobody else has read it: chmod 600 ${path}. Else delete it: machines sign in anew by themselves.`,
      });
    }
    return readFileSync(fd, "utf8").split("\n").filter(Boolean);
  } finally {
    closeSync(fd);
  }
}
