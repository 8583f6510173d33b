import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Paths } from "./paths.ts";

/**
 * How many hook calls lie on this machine for a recorder that does not run: files in the spool, and lines on the slates
 * of one that was killed. (What it had taken up in its last second is among those.)
 */
export function left({ spool, slates }: Pick<Paths, "spool" | "slates">): number {
  const files = inside(spool).filter((name) => name.endsWith(".json"));
  const lines = inside(slates).flatMap((name) =>
    readFileSync(join(slates, name), "utf8").split("\n").filter(Boolean),
  );
  return files.length + lines.length;
}

function inside(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
