/** `npm run migration <name>`: makes the next numbered file and rewrites the list that embeds them all. */
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const [name = ""] = process.argv.slice(2);
if (!/^[a-z][a-z0-9]*(_[a-z0-9]+)*$/.test(name)) {
  console.error("Usage: npm run migration <name>, e.g. add_labels (lower case, digits, _)");
  process.exit(2);
}

const db = join(import.meta.dir, "../src/db");
mkdirSync(join(db, "migrations"), { recursive: true });
const migrations = () =>
  readdirSync(join(db, "migrations"))
    .filter((file) => /^\d{4}_.+\.sql$/.test(file))
    .map((file) => file.replace(".sql", ""))
    .sort();

const number = String(migrations().length + 1).padStart(4, "0");
const file = join(db, "migrations", `${number}_${name}.sql`);
writeFileSync(file, `-- ${name.replaceAll("_", " ")}: why, and what the tables tell.\n`, {
  flag: "wx",
});

const all = migrations();
writeFileSync(
  join(db, "migrations.ts"),
  `import type { Migration } from "./migrate.ts";
${all.map((it) => `import m${it.slice(0, 4)} from "./migrations/${it}.sql" with { type: "text" };`).join("\n")}

/** Every migration, oldest first. \`npm run migration <name>\` adds one; a published one is never edited again. */
export const MIGRATIONS: readonly Migration[] = [
${all.map((it) => `  { name: "${it}", sql: m${it.slice(0, 4)} },`).join("\n")}
];
`,
);
console.log(file);
