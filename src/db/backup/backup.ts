import { createHash } from "node:crypto";
import { PolarisError } from "../../wire/error.ts";
import type { Sql } from "../db.ts";
import { damaged, walk } from "./check.ts";
import type { Header, Summary } from "./format.ts";
import { type Bytes, seal, unseal } from "./seal.ts";
import { type Kept, nameOf, type Shelf } from "./shelf.ts";
import { snapshot } from "./snapshot.ts";

export interface Taken {
  name: string;
  size: number;
  sha256: string;
  rows: number;
  tables: Summary;
  removed: string[];
}

export interface Wish {
  shelf: Shelf;
  /** Encrypts to this key of age. */
  recipient?: string | undefined;
  /** Secrets that go along, only when it is encrypted. */
  files?: Record<string, string>;
  /** How many stay, this one included; undefined: all. */
  keep?: number | undefined;
}

/** One at a time over all servers of a database: "backup" as a number. */
const LOCK = 0x6261636b7570n.toString();

/** Takes a backup, reads it back from where it lies, and only then lets old ones go. */
export async function take(sql: Sql, { shelf, recipient, files = {}, keep }: Wish): Promise<Taken> {
  const holder = await sql.reserve();
  try {
    const [lock] = await holder<{ got: boolean }[]>`
      select pg_try_advisory_lock(${LOCK}::bigint) as got`;
    if (!lock?.got) {
      throw new PolarisError("conflict", "Another backup of this database is being taken.");
    }
    const { bytes, key } = await seal(snapshot(sql, recipient ? files : {}), recipient);
    const name = nameOf(new Date(), recipient !== undefined);
    const { size, sha256 } = await shelf.write(name, bytes);
    try {
      const { tables, rows } = await verify(shelf, name, key, sha256);
      return { name, size, sha256, rows, tables, removed: await prune(shelf, keep) };
    } catch (error) {
      await shelf.remove(name);
      throw error;
    }
  } finally {
    await holder`select pg_advisory_unlock(${LOCK}::bigint)`.catch(() => {});
    holder.release();
  }
}

/** Reads a backup from end to end. `sha256`: of the file as it was written, when that is known. */
export async function verify(
  shelf: Shelf,
  name: string,
  identity?: string,
  sha256?: string,
): Promise<{ header: Header; tables: Summary; rows: number }> {
  const hash = createHash("sha256");
  const seen = shelf.read(name).pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      transform(part, controller) {
        hash.update(part);
        controller.enqueue(part);
      },
    }),
  );
  const found = await walk(linesOf(seen, name, identity));
  if (sha256 && hash.digest("hex") !== sha256) throw damaged("it is not the file that was written");
  return found;
}

export function linesOf(
  bytes: Bytes,
  name: string,
  identity: string | undefined,
): AsyncGenerator<string> {
  if (!name.endsWith(".age")) return unseal(bytes, undefined);
  if (identity) return unseal(bytes, identity);
  throw new PolarisError("usage", `${name} is encrypted.`, {
    hint: "Name the file with its key: --identity FILE, or POLARIS_BACKUP_IDENTITY.",
  });
}

async function prune(shelf: Shelf, keep: number | undefined): Promise<string[]> {
  if (keep === undefined) return [];
  const old: Kept[] = (await shelf.list()).slice(Math.max(1, keep));
  for (const { name } of old) await shelf.remove(name);
  return old.map(({ name }) => name);
}
