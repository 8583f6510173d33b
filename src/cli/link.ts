import { resolve } from "node:path";
import { ask } from "../machine/local.ts";
import { paths } from "../machine/paths.ts";
import { PolarisError } from "../wire/error.ts";
import { parse } from "./args.ts";

export const help = `
Records every new agent session in a directory (and below it) into a project. A repository is known by
where it was cloned from: its other clones and worktrees on this machine are linked with it.

Usage: polaris link <project> [directory] [options]

Options:
  --here               this directory alone, not the repository's other clones
  --polaris-home DIR   (default: $POLARIS_HOME or ~/.polaris)
  --json               print {"directory":…,"project":…}

Examples:
  polaris link website
  polaris link website ~/code/website
  polaris link trial --here
`;

export async function run(args: string[]): Promise<void> {
  const { values, positionals } = parse({
    args,
    allowPositionals: true,
    options: {
      "polaris-home": { type: "string" },
      json: { type: "boolean" },
      here: { type: "boolean", default: false },
    },
  });
  const [project, directory = "."] = positionals;
  if (!project)
    throw new PolarisError("usage", "Which project?", { hint: "See polaris link --help." });
  const made = await ask<{ directory: string; project: string; remote?: string }>(
    paths(values["polaris-home"]),
    "/link",
    { directory: resolve(directory), project, here: values.here },
  );
  if (values.json) return void console.log(JSON.stringify(made));
  const clones = made.remote ? ` and every clone of ${made.remote}` : "";
  console.log(
    `Every new agent session in ${made.directory}${clones} is recorded into ${made.project}.`,
  );
}
