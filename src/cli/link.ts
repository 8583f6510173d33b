import { resolve } from "node:path";
import { ask } from "../machine/local.ts";
import { paths } from "../machine/paths.ts";
import { PolarisError } from "../wire/error.ts";
import { parse } from "./args.ts";

export const help = `
Records every new agent session in a directory (and below it) into a project.

Usage: polaris link <project> [directory] [options]

Options:
  --polaris-home DIR   (default: $POLARIS_HOME or ~/.polaris)
  --json               print {"directory":…,"project":…}

Examples:
  polaris link website
  polaris link website ~/code/website
`;

export async function run(args: string[]): Promise<void> {
  const { values, positionals } = parse({
    args,
    allowPositionals: true,
    options: { "polaris-home": { type: "string" }, json: { type: "boolean" } },
  });
  const [project, directory = "."] = positionals;
  if (!project)
    throw new PolarisError("usage", "Which project?", { hint: "See polaris link --help." });
  const made = await ask<{ directory: string; project: string }>(
    paths(values["polaris-home"]),
    "/link",
    { directory: resolve(directory), project },
  );
  if (values.json) return void console.log(JSON.stringify(made));
  console.log(`Every new agent session in ${made.directory} is recorded into ${made.project}.`);
}
