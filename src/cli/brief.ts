import { call } from "../machine/api.ts";
import { paths } from "../machine/paths.ts";
import { currentServer } from "../machine/tokens.ts";
import { Brief } from "../wire/context.ts";
import { PolarisError } from "../wire/error.ts";
import { Slug } from "../wire/session.ts";
import { parse } from "./args.ts";
import { shown } from "./kit/shown.ts";
import { seatOf } from "./seat.ts";

export const help = `
What a session or a project is about, for who comes next: goal, where it stands, what is open, what was decided, the last
prompts, files touched. Put together from the record by fixed rules, without a model; #12 is the event it stands in.

Usage: polaris brief <project>[/<session>] [options]

Options:
  --budget TOKENS      how long at most, at 4 characters a token (default 1500)
  --polaris-home DIR   (default: $POLARIS_HOME or ~/.polaris)
  --json               print the server's answer

Examples:
  polaris brief website/checkout-bug
  polaris brief website --budget 4000
`;

export async function run(args: string[]): Promise<void> {
  const { values, positionals } = parse({
    args,
    allowPositionals: true,
    options: {
      budget: { type: "string" },
      "polaris-home": { type: "string" },
      json: { type: "boolean", default: false },
    },
  });
  const [what = ""] = positionals;
  const path = what.includes("/") ? seatOf(what).path : `/projects/${projectOf(what)}`;
  const server = await currentServer(paths(values["polaris-home"]));
  const query = values.budget === undefined ? "" : `?budget=${encodeURIComponent(values.budget)}`;
  const brief = await call(server, { path: `${path}/brief${query}` }, Brief);
  console.log(values.json ? JSON.stringify(brief) : shown(brief.text));
}

export function projectOf(text: string): string {
  if (Slug.safeParse(text).success) return text;
  throw new PolarisError("usage", text ? `"${text}" is no project.` : "Which project?", {
    hint: "A project is named by its slug, as in its address.",
  });
}
