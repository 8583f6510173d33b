import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { open, readdir, rename, rm, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { S3Client } from "bun";
import { privateFolder } from "../../lib/file.ts";
import { PolarisError } from "../../wire/error.ts";
import type { Bytes } from "./seal.ts";

export interface Kept {
  name: string;
  at: Date;
  size: number;
}

/** Where backups lie: a folder, or a bucket of anything that speaks S3. */
export interface Shelf {
  /** As it was given, for messages. */
  where: string;
  /** Newest first; other files are none of ours. */
  list(): Promise<Kept[]>;
  /** The whole file or nothing. */
  write(name: string, bytes: Bytes): Promise<Written>;
  read(name: string): Bytes;
  remove(name: string): Promise<void>;
}

export interface Written {
  size: number;
  sha256: string;
}

const NAME = /^polaris-(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)(?:\.(\d{3}))?Z\.zst(\.age)?$/;

export function nameOf(at: Date, isEncrypted: boolean): string {
  const stamp = at.toISOString().replaceAll("-", "").replaceAll(":", "");
  return `polaris-${stamp}.zst${isEncrypted ? ".age" : ""}`;
}

export const isBackup = (name: string): boolean => NAME.test(name);

const atOf = (name: string): Date => {
  const [, year, month, day, hour, minute, second, ms = "000"] = NAME.exec(name) ?? [];
  return new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}.${ms}Z`);
};

export function shelfAt(where: string): Shelf {
  return where.startsWith("s3://") ? bucket(where) : folder(where);
}

function folder(where: string): Shelf {
  const path = resolve(where.replace(/^file:\/\//, ""));
  return {
    where,
    async list() {
      const names = await readdir(path).catch(() => []);
      const kept = names.filter(isBackup).map(async (name) => {
        const { size } = await stat(join(path, name));
        return { name, at: atOf(name), size };
      });
      return newestFirst(await Promise.all(kept));
    },
    async write(name, bytes) {
      try {
        // One that is there may be shared on purpose (a mounted disk); one that we make is ours alone.
        if (!existsSync(path)) privateFolder(path);
        const half = join(path, `.${name}.part`);
        const file = await open(half, "wx", 0o600);
        try {
          const count = meter();
          for await (const part of bytes) {
            count.take(part);
            await file.write(part);
          }
          await file.sync();
          await rename(half, join(path, name));
          return count.written();
        } catch (cause) {
          await rm(half, { force: true });
          throw cause;
        } finally {
          await file.close();
        }
      } catch (cause) {
        throw unkept(where, cause);
      }
    },
    read: (name) => Bun.file(join(path, name)).stream(),
    remove: (name) => rm(join(path, name), { force: true }),
  };
}

/**
 * `s3://bucket/prefix`. Keys, region and endpoint come from the environment under the names that every S3 tool knows:
 * AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_REGION, AWS_ENDPOINT (or S3_…).
 */
function bucket(where: string): Shelf {
  const { hostname: name, pathname } = new URL(where);
  const client = new S3Client({ bucket: name });
  const prefix = pathname.replace(/^\/+/, "").replace(/\/*$/, "").replace(/(.)$/, "$1/");
  const key = (file: string) => `${prefix}${file}`;
  return {
    where,
    async list() {
      const kept: Kept[] = [];
      for (let after: string | undefined; ; ) {
        const page = await client
          .list({ prefix, ...(after ? { startAfter: after } : {}) })
          .catch((cause: unknown) => {
            throw unkept(where, cause);
          });
        for (const { key: at, size = 0 } of page.contents ?? []) {
          const file = at.slice(prefix.length);
          if (isBackup(file)) kept.push({ name: file, at: atOf(file), size });
        }
        after = page.contents?.at(-1)?.key;
        if (!page.isTruncated || !after) return newestFirst(kept);
      }
    },
    async write(file, bytes) {
      // Parts of 8 MB: an object may have 10,000 of them. One that is not ended leaves no object.
      const writer = client.file(key(file)).writer({ partSize: 8 << 20, queueSize: 2, retry: 3 });
      try {
        const count = meter();
        for await (const part of bytes) {
          count.take(part);
          writer.write(part);
          if (count.since() > 8 << 20) await writer.flush();
        }
        await writer.end();
        return count.written();
      } catch (cause) {
        throw unkept(where, cause);
      }
    },
    read: (file) => client.file(key(file)).stream(),
    async remove(file) {
      await client.delete(key(file));
    },
  };
}

/** Counts and hashes what goes by. */
function meter() {
  const hash = createHash("sha256");
  let size = 0;
  let told = 0;
  return {
    take(part: Uint8Array) {
      hash.update(part);
      size += part.length;
    },
    /** Bytes since it was last asked and said yes. */
    since(): number {
      const bytes = size - told;
      if (bytes > 8 << 20) told = size;
      return bytes;
    },
    written: (): Written => ({ size, sha256: hash.digest("hex") }),
  };
}

const newestFirst = (kept: Kept[]): Kept[] =>
  kept.toSorted((a, b) => b.at.getTime() - a.at.getTime());

function unkept(where: string, cause: unknown): PolarisError {
  if (cause instanceof PolarisError) return cause;
  const why = cause instanceof Error ? cause.message : String(cause);
  return new PolarisError("backup_failed", `${where} does not take the backup: ${why}`, {
    hint: "Is there room, and may Polaris write there? Nothing half is left.",
    cause,
  });
}
