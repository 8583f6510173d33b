import type { Migration } from "./migrate.ts";

/** Every migration, oldest first. `npm run migration <name>` adds one; a published one is never edited again. */
export const MIGRATIONS: readonly Migration[] = [];
