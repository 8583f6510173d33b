/** How what was fetched or unpacked comes into the cache: whole, by one rename. */
import { existsSync, renameSync, rmSync } from "node:fs";

/** Two processes may have made the same at once: the first one's stays, because somebody reads it already. */
export function keep(half: string, folder: string): void {
  try {
    renameSync(half, folder);
  } catch (error) {
    if (!existsSync(folder)) throw error;
  } finally {
    rmSync(half, { recursive: true, force: true });
  }
}
