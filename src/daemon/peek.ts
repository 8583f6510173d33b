import { Database } from "bun:sqlite";
import { existsSync } from "node:fs";
import { left } from "../machine/left.ts";
import type { Paths } from "../machine/paths.ts";
import { UNCHECKED } from "./schema.ts";
import { pending } from "./status.ts";
import { uncheckedStatus } from "./unchecked.ts";

/** What a recorder that does not run would still have to send; undefined when its journal cannot be read. */
export function unsent(place: Pick<Paths, "journal" | "spool" | "slates">): number | undefined {
  const spooled = left(place);
  if (!existsSync(place.journal)) return spooled;
  let db: Database | undefined;
  try {
    db = new Database(place.journal, { readwrite: true, strict: true });
    // A journal of an earlier version has no such table.
    db.run(UNCHECKED);
    return spooled + pending({ db }) + uncheckedStatus(db).events;
  } catch {
    return undefined;
  } finally {
    db?.close();
  }
}
