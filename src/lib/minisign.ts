import { createHash, createPublicKey, verify } from "node:crypto";

/**
 * Checks signatures as the program `minisign` makes them (https://jedisct1.github.io/minisign/, "Signature format"):
 * Ed25519 over the file's BLAKE2b-512 (`ED`, the default since 0.10) or over the file itself (`Ed`), and a second
 * signature over the first and the trusted comment. Undefined when it is not good; else the trusted comment.
 */
export function verified(content: Uint8Array, signature: string, key: string): string | undefined {
  const mine = keyOf(key);
  const lines = signature.split(/\r?\n/);
  const [, packed = "", comment = "", global = ""] = lines;
  const bytes = Buffer.from(packed, "base64");
  const prefix = "trusted comment: ";
  if (!mine || bytes.length !== 74 || !comment.startsWith(prefix)) return undefined;
  const algorithm = bytes.toString("latin1", 0, 2);
  if (algorithm !== "ED" && algorithm !== "Ed") return undefined;
  if (!bytes.subarray(2, 10).equals(mine.id)) return undefined;
  const signed = bytes.subarray(10);
  const message =
    algorithm === "ED" ? createHash("blake2b512").update(content).digest() : Buffer.from(content);
  const trusted = comment.slice(prefix.length);
  const both = Buffer.concat([signed, Buffer.from(trusted)]);
  const isGood =
    verify(null, message, mine.key, signed) &&
    verify(null, both, mine.key, Buffer.from(global, "base64"));
  return isGood ? trusted : undefined;
}

/** The bare line, or the whole file with its comment above. */
function keyOf(text: string) {
  const bytes = Buffer.from(text.trim().split(/\r?\n/).at(-1) ?? "", "base64");
  if (bytes.length !== 42 || bytes.toString("latin1", 0, 2) !== "Ed") return undefined;
  const x = bytes.subarray(10).toString("base64url");
  return {
    id: bytes.subarray(2, 10),
    key: createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x }, format: "jwk" }),
  };
}
