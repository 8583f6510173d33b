/**
 * Secrets that we must be able to read again (Slack's tokens), encrypted at rest: AES-256-GCM under a key derived from
 * the server's secret. Each carries the id of its key, so that a rotation can find what is still under the old one.
 *
 * Layout: version (1 byte), key id (8), nonce (12), tag (16), ciphertext. `about` (which row, which column) is
 * authenticated with it: a ciphertext copied into another row does not open there.
 */
import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { PolarisError } from "../wire/error.ts";

export interface SealKey {
  kid: string;
  sealing: Uint8Array;
}

export interface SealKeys {
  current: SealKey;
  known: ReadonlyMap<string, SealKey>;
}

const VERSION = 1;
const HEAD = 37;

export function seal({ current }: SealKeys, text: string, about: string): Buffer {
  const nonce = randomBytes(12);
  const cipher = createCipheriv("aes-256-gcm", current.sealing, nonce).setAAD(Buffer.from(about));
  const body = Buffer.concat([cipher.update(text, "utf8"), cipher.final()]);
  const kid = Buffer.from(current.kid, "hex");
  return Buffer.concat([Buffer.of(VERSION), kid, nonce, cipher.getAuthTag(), body]);
}

export function unseal({ known }: SealKeys, sealed: Uint8Array, about: string): string {
  const bytes = Buffer.from(sealed);
  const key = known.get(kidOf(bytes));
  if (bytes[0] !== VERSION || !key) throw unreadable();
  try {
    const nonce = bytes.subarray(9, 21);
    const open = createDecipheriv("aes-256-gcm", key.sealing, nonce)
      .setAAD(Buffer.from(about))
      .setAuthTag(bytes.subarray(21, HEAD));
    return Buffer.concat([open.update(bytes.subarray(HEAD)), open.final()]).toString("utf8");
  } catch (cause) {
    throw unreadable(cause);
  }
}

/** Which key it was sealed with. */
export const kidOf = (sealed: Uint8Array): string =>
  Buffer.from(sealed).subarray(1, 9).toString("hex");

const unreadable = (cause?: unknown): PolarisError =>
  new PolarisError("secret_refused", "A stored token was encrypted with another secret.", {
    hint: "Bring back the POLARIS_SECRET it was stored under, or connect Slack again.",
    cause,
  });
