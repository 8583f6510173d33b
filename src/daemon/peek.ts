import { Database } from "bun:sqlite";
import { existsSync, readdirSync } from "node:fs";
import type { Paths } from "../machine/paths.ts";
import { pending } from "./status.ts";

/** What a recorder that does not run would still have to send; undefined when its journal cannot be read. */
export function unsent(place: Pick<Paths, "journal" | "spool" | "unchecked">): number | undefined {
  const spooled = [place.spool, place.unchecked]
    .filter((folder) => existsSync(folder))
    .flatMap((folder) => readdirSync(folder))
    .filter((name) => name.endsWith(".json")).length;
  if (!existsSync(place.journal)) return spooled;
  let db: Database | undefined;
  try {
    db = new Database(place.journal, { readwrite: true, strict: true });
    return spooled + pending({ db });
  } catch {
    return undefined;
  } finally {
    db?.close();
  }
}
