import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from "node:crypto";

/** Keeps small secrets at rest: AES-256-GCM under keys derived for one purpose; the newest seals, all of them open. */
export function startSeal(secrets: readonly Uint8Array[], purpose: string) {
  const keys = secrets.map((secret) => Buffer.from(hkdfSync("sha256", secret, "", purpose, 32)));
  return {
    seal(text: string): Buffer {
      const [key] = keys;
      if (!key) throw new Error("there is no key");
      const iv = randomBytes(12);
      const cipher = createCipheriv("aes-256-gcm", key, iv);
      const sealed = Buffer.concat([cipher.update(text, "utf8"), cipher.final()]);
      return Buffer.concat([iv, cipher.getAuthTag(), sealed]);
    },
    /** Undefined when no key fits: the secret of the server was changed, or the bytes were. */
    open(sealed: Uint8Array): string | undefined {
      const bytes = Buffer.from(sealed);
      for (const key of keys) {
        try {
          const cipher = createDecipheriv("aes-256-gcm", key, bytes.subarray(0, 12));
          cipher.setAuthTag(bytes.subarray(12, 28));
          return Buffer.concat([cipher.update(bytes.subarray(28)), cipher.final()]).toString();
        } catch {
          // Another key's.
        }
      }
      return undefined;
    },
  };
}
export type Seal = ReturnType<typeof startSeal>;
