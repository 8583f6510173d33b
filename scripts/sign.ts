/**
 * Signs as `minisign -W` does (keys without a password, for machines): Ed25519 over the file's BLAKE2b-512
 * (https://jedisct1.github.io/minisign/). The program minisign reads what we write and the other way round.
 */
import { createHash, createPrivateKey, generateKeyPairSync, randomBytes, sign } from "node:crypto";

const ALGORITHM = "Ed";
/** An Ed25519 seed as PKCS #8: 16 bytes that never change, then the seed. */
const PKCS8 = Buffer.from("302e020100300506032b657004220420", "hex");

/** A new pair: the public key for who installs, the secret one for who releases. */
export function makeKeys(): { publicKey: string; secretKey: string } {
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  const pub = Buffer.from(String(publicKey.export({ format: "jwk" }).x), "base64url");
  const seed = Buffer.from(String(privateKey.export({ format: "jwk" }).d), "base64url");
  const id = randomBytes(8);
  const pair = Buffer.concat([seed, pub]);
  const check = new Bun.CryptoHasher("blake2b256")
    .update(ALGORITHM)
    .update(id)
    .update(pair)
    .digest();
  // No password: the fields of its derivation are zero.
  const head = Buffer.concat([
    Buffer.from(ALGORITHM),
    Buffer.alloc(2),
    Buffer.from("B2"),
    Buffer.alloc(48),
  ]);
  return {
    publicKey: Buffer.concat([Buffer.from(ALGORITHM), id, pub]).toString("base64"),
    secretKey: Buffer.concat([head, id, pair, check]).toString("base64"),
  };
}

/** Of a secret key, alone or as minisign's file: what signs, and the public key that goes with it. */
export function signer(secretKey: string) {
  const bytes = Buffer.from(secretKey.trim().split(/\r?\n/).at(-1) ?? "", "base64");
  if (bytes.length !== 158 || bytes.toString("latin1", 0, 2) !== ALGORITHM) {
    throw new Error("this is not a secret key of minisign");
  }
  if (bytes.readUInt16BE(2) !== 0) throw new Error("the key has a password; make one with -W");
  const id = bytes.subarray(54, 62);
  const key = createPrivateKey({
    key: Buffer.concat([PKCS8, bytes.subarray(62, 94)]),
    format: "der",
    type: "pkcs8",
  });
  const publicKey = Buffer.concat([Buffer.from(ALGORITHM), id, bytes.subarray(94, 126)]);
  return {
    publicKey: publicKey.toString("base64"),
    sign(content: Uint8Array | string, comment: string): string {
      const hash = createHash("blake2b512").update(content).digest();
      const signature = sign(null, hash, key);
      const both = sign(null, Buffer.concat([signature, Buffer.from(comment)]), key);
      const packed = Buffer.concat([Buffer.from("ED"), id, signature]).toString("base64");
      return [
        "untrusted comment: signature of a Polaris release",
        packed,
        `trusted comment: ${comment}`,
        both.toString("base64"),
        "",
      ].join("\n");
    },
  };
}
