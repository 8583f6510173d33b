import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Paths } from "./paths.ts";

/** The slate in the spool on which every hook writes that is not answered (`cli/hook.ts` has its own copy). */
export const COMMON = "calls.jsonl";

/**
 * How many hook calls lie on this machine for a recorder that does not run: files in the spool, and lines on the slates
 * of one that was killed. (What it had taken up in its last second is among those.)
 */
export function left({ spool, slates }: Pick<Paths, "spool" | "slates">): number {
  const calls = inside(spool);
  const shared = calls.filter((name) => name.startsWith(COMMON));
  const written = [
    ...shared.map((name) => join(spool, name)),
    ...inside(slates).map((name) => join(slates, name)),
  ];
  const lines = written.flatMap((path) => readFileSync(path, "utf8").split("\n").filter(Boolean));
  return calls.filter((name) => name.endsWith(".json")).length + lines.length;
}

function inside(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
