import type { Migration } from "./migrate.ts";
import m0001 from "./migrations/0001_chain.sql" with { type: "text" };
import m0002 from "./migrations/0002_people.sql" with { type: "text" };
import m0003 from "./migrations/0003_checks.sql" with { type: "text" };

/** Every migration, oldest first. `npm run migration <name>` adds one; a published one is never edited again. */
export const MIGRATIONS: readonly Migration[] = [
  { name: "0001_chain", sql: m0001 },
  { name: "0002_people", sql: m0002 },
  { name: "0003_checks", sql: m0003 },
];
