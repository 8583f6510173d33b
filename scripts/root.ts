import { join } from "node:path";

/** The project's own folder, wherever a script is started from. */
export const ROOT = join(import.meta.dir, "..");
