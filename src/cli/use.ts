import { changeCredentials } from "../machine/credentials.ts";
import { paths } from "../machine/paths.ts";
import { PolarisError } from "../wire/error.ts";
import { parse } from "./args.ts";

export const help = `
Chooses the sign-in for what begins from now on. What was begun under another one goes on there.

Usage: polaris use PROFILE [--json] [--polaris-home DIR]

Examples:
  polaris use work
`;

export async function run(args: string[]): Promise<void> {
  const { values, positionals } = parse({
    args,
    allowPositionals: true,
    options: { "polaris-home": { type: "string" }, json: { type: "boolean" } },
  });
  const [name] = positionals;
  if (!name) throw new PolarisError("usage", "Which profile?", { hint: "See polaris profiles." });
  await changeCredentials(paths(values["polaris-home"]), ({ profiles }) => {
    if (Object.hasOwn(profiles, name)) return { current: name, profiles };
    throw new PolarisError("usage", `There is no profile "${name}".`, {
      hint: "polaris profiles lists them.",
    });
  });
  console.log(values.json ? JSON.stringify({ current: name }) : `Using ${name} from now on.`);
}
