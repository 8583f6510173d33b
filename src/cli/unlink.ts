import { resolve } from "node:path";
import { ask } from "../machine/local.ts";
import { paths } from "../machine/paths.ts";
import { parse } from "./args.ts";

export const help = `
Stops recording new agent sessions in a directory. Running ones go on until polaris leave.

Usage: polaris unlink [directory] [options]

Options:
  --polaris-home DIR   (default: $POLARIS_HOME or ~/.polaris)
  --json               print {"unlinked":true|false}

Examples:
  polaris unlink
  polaris unlink ~/code/website
`;

export async function run(args: string[]): Promise<void> {
  const { values, positionals } = parse({
    args,
    allowPositionals: true,
    options: { "polaris-home": { type: "string" }, json: { type: "boolean" } },
  });
  const directory = resolve(positionals[0] ?? ".");
  const answer = await ask<{ unlinked: boolean }>(paths(values["polaris-home"]), "/unlink", {
    directory,
  });
  if (values.json) return void console.log(JSON.stringify(answer));
  console.log(
    answer.unlinked ? `${directory} is no longer linked.` : `${directory} was not linked.`,
  );
}
