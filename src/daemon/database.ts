import { Database } from "bun:sqlite";
import { closeSync, existsSync, openSync, renameSync } from "node:fs";
import { PolarisError } from "../wire/error.ts";
import { DROPPED } from "./dropped.ts";
import { recall } from "./ids.ts";
import { makeRoom } from "./room.ts";
import { ADVICE, APPLICATION, SCHEMA, TO_2, UNCHECKED, VERSION } from "./schema.ts";

/** So many pages (8 MB) are gathered in the log before they go to their places. */
const LOG_PAGES = 2_000;

/** A journal that is nowhere. */
export const MEMORY = ":memory:";

export interface Opened {
  db: Database;
  /** Where a damaged journal was set aside, if one was. */
  setAside: string | undefined;
}

/**
 * Opens the journal. A file that is damaged or foreign is set aside, never deleted and never written into: the
 * transcripts are the second copy, and a recorder that does not start records nothing.
 */
export function openDatabase(path: string): Opened {
  try {
    return { db: open(path), setAside: undefined };
  } catch (error) {
    if (!isDamage(error)) throw unwritable(error);
    const setAside = `${path}.damaged-${new Date().toISOString().replaceAll(":", "")}`;
    for (const end of ["", "-wal", "-shm"]) {
      if (existsSync(path + end)) renameSync(path + end, setAside + end);
    }
    return { db: open(path), setAside };
  }
}

export function unwritable(error: unknown): PolarisError {
  if (error instanceof PolarisError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new PolarisError("journal_unwritable", `The journal cannot be written: ${message}`, {
    hint: "Is the disk full, or the folder read-only? Recording goes on by itself once it can.",
    cause: error,
  });
}

class Damage extends Error {}

function open(path: string): Database {
  // SQLite gives its log the mode of the file itself.
  if (path !== MEMORY) closeSync(openSync(path, "a", 0o600));
  // Bun keeps the first 20 statements it meets and compiles every other one anew each time; there are about 60 here.
  Database.MAX_QUERY_CACHE_SIZE = 200;
  const db = new Database(path, { create: true, strict: true });
  try {
    // auto_vacuum counts only before the first table; FULL is what makes a commit survive a power cut.
    db.run("pragma auto_vacuum = incremental");
    db.run("pragma journal_mode = wal");
    db.run("pragma synchronous = full");
    db.run("pragma fullfsync = on");
    db.run("pragma busy_timeout = 2000");
    db.run("pragma cache_size = -4096");
    db.run(`pragma wal_autocheckpoint = ${LOG_PAGES}`);
    db.run("pragma foreign_keys = on");
    lay(db);
    db.run(UNCHECKED);
    db.run(ADVICE);
    db.run(DROPPED);
    recall(db);
    if (path !== MEMORY) makeRoom(`${path}-wal`, LOG_PAGES);
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

function lay(db: Database): void {
  const application = number(db, "application_id");
  const version = number(db, "user_version");
  if (application === APPLICATION && version === VERSION) return;
  if (application === APPLICATION && version > VERSION) {
    throw new PolarisError(
      "schema_too_new",
      `The journal has version ${version}, this Polaris knows ${VERSION}.`,
      { hint: "Install the newer Polaris again." },
    );
  }
  if (application === APPLICATION && version === 1) {
    return void db.transaction(() => {
      db.run(TO_2);
      db.run(`pragma user_version = ${VERSION}`);
    })();
  }
  const tables = db.query("select count(*) as n from sqlite_schema").get();
  if (application !== 0 || JSON.stringify(tables) !== '{"n":0}') throw new Damage("not a journal");
  db.transaction(() => {
    db.run(SCHEMA);
    db.run(`pragma application_id = ${APPLICATION}`);
    db.run(`pragma user_version = ${VERSION}`);
  })();
}

function number(db: Database, pragma: string): number {
  const row = db.query<Record<string, number>, []>(`pragma ${pragma}`).get();
  return row?.[pragma] ?? 0;
}

function isDamage(error: unknown): boolean {
  if (error instanceof Damage) return true;
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return code === "SQLITE_NOTADB" || code === "SQLITE_CORRUPT";
}
