import type { Migration } from "./migrate.ts";
import m0001 from "./migrations/0001_chain.sql" with { type: "text" };
import m0002 from "./migrations/0002_people.sql" with { type: "text" };
import m0003 from "./migrations/0003_checks.sql" with { type: "text" };
import m0004 from "./migrations/0004_injections.sql" with { type: "text" };
import m0005 from "./migrations/0005_slack.sql" with { type: "text" };
import m0006 from "./migrations/0006_agents.sql" with { type: "text" };
import m0007 from "./migrations/0007_find.sql" with { type: "text" };
import m0008 from "./migrations/0008_share.sql" with { type: "text" };
import m0009 from "./migrations/0009_team.sql" with { type: "text" };
import m0010 from "./migrations/0010_keep.sql" with { type: "text" };
import m0011 from "./migrations/0011_policy.sql" with { type: "text" };
import m0012 from "./migrations/0012_sweep.sql" with { type: "text" };
import m0013 from "./migrations/0013_once.sql" with { type: "text" };

/** Every migration, oldest first. `npm run migration <name>` adds one; a published one is never edited again. */
export const MIGRATIONS: readonly Migration[] = [
  { name: "0001_chain", sql: m0001 },
  { name: "0002_people", sql: m0002 },
  { name: "0003_checks", sql: m0003 },
  { name: "0004_injections", sql: m0004 },
  { name: "0005_slack", sql: m0005 },
  { name: "0006_agents", sql: m0006 },
  { name: "0007_find", sql: m0007 },
  { name: "0008_share", sql: m0008 },
  { name: "0009_team", sql: m0009 },
  { name: "0010_keep", sql: m0010 },
  { name: "0011_policy", sql: m0011 },
  { name: "0012_sweep", sql: m0012 },
  { name: "0013_once", sql: m0013 },
];
