import { createHash, generateKeyPairSync, randomBytes, sign } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** A key pair of minisign's form, and what it signs. */
export function makeKey() {
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  const raw = Buffer.from(String(publicKey.export({ format: "jwk" }).x), "base64url");
  const id = randomBytes(8);
  const packed = (...parts: (Buffer | string)[]) =>
    Buffer.concat(parts.map((part) => Buffer.from(part))).toString("base64");
  return {
    publicKey: packed("Ed", id, raw),
    sign(content: Uint8Array | string, comment = "polaris"): string {
      const hash = createHash("blake2b512").update(content).digest();
      const signature = sign(null, hash, privateKey);
      const both = sign(null, Buffer.concat([signature, Buffer.from(comment)]), privateKey);
      return [
        "untrusted comment: signature from a test",
        packed("ED", id, signature),
        `trusted comment: ${comment}`,
        both.toString("base64"),
        "",
      ].join("\n");
    },
  };
}
export type Key = ReturnType<typeof makeKey>;

export const TARGET = `${process.platform}-${process.arch}`;

/** A release directory with one executable for this platform, signed. */
export function makeRelease(
  folder: string,
  key: Key,
  { version, content, notes }: { version: string; content: Uint8Array | string; notes?: string },
): void {
  mkdirSync(folder, { recursive: true });
  const file = `polaris-${TARGET}`;
  const bytes = Buffer.from(content);
  const sha256 = new Bun.CryptoHasher("sha256").update(bytes).digest("hex");
  const manifest = JSON.stringify({
    version,
    releasedAt: new Date().toISOString(),
    ...(notes ? { notes } : {}),
    targets: { [TARGET]: { file, size: bytes.length, sha256 } },
  });
  writeFileSync(join(folder, file), bytes);
  writeFileSync(join(folder, "manifest.json"), manifest);
  writeFileSync(join(folder, "manifest.json.minisig"), key.sign(manifest));
}

/** The directory over HTTP on loopback, and what was asked for. */
export function serveRelease(folder: string) {
  const asked: string[] = [];
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    async fetch(request) {
      const { pathname } = new URL(request.url);
      asked.push(pathname);
      const file = Bun.file(join(folder, pathname));
      return (await file.exists()) ? new Response(file) : new Response("", { status: 404 });
    },
  });
  return {
    url: `http://127.0.0.1:${server.port}`,
    asked,
    [Symbol.asyncDispose]: () => server.stop(true),
  };
}
