import { paths } from "../machine/paths.ts";
import { findPull } from "../machine/pull.ts";
import { currentServer } from "../machine/tokens.ts";
import { PolarisError } from "../wire/error.ts";
import { parse } from "./args.ts";

export const help = `
Tells a GitHub pull request of the sessions behind it: what was asked, files, cost and a link, as one comment that is
updated in place. The link opens only for those who may read the session.

Usage: polaris pr [NUMBER | URL] [--print] [--json]

Without a number: the open pull request of the branch that is checked out here.

Options:
  --print   show what would be written, and write nothing
  --polaris-home DIR   where this machine's sign-in is kept

Your own token is used: GITHUB_TOKEN, else what gh auth token says. GITHUB_API_URL names another GitHub.

Examples:
  polaris pr
  polaris pr 42 --print
  polaris pr https://github.com/acme/shop/pull/42
`;

export async function run(args: string[]): Promise<void> {
  const { values, positionals } = parse({
    args,
    allowPositionals: true,
    options: {
      print: { type: "boolean", default: false },
      "polaris-home": { type: "string" },
      json: { type: "boolean", default: false },
    },
  });
  const wanted = wantedBy(positionals);
  const server = await currentServer(paths(values["polaris-home"]));
  const where = { cwd: process.cwd(), env: process.env };
  const { pull, summary, tell } = await findPull(server, { ...where, ...wanted });
  if (values.print)
    return void console.log(values.json ? JSON.stringify(summary) : summary.markdown);
  const { url, isNew } = await tell();
  if (values.json) return void console.log(JSON.stringify({ url, isNew, ...summary }));
  const names = summary.sessions.map(({ project, name }) => `${project}/${name}`).join(", ");
  console.log(`${isNew ? "Told" : "Updated"} ${pull.html_url} of ${names}\n${url}`);
}

function wantedBy([first, ...more]: string[]): { number?: number; repository?: string } {
  if (first === undefined) return {};
  const url = /^https?:\/\/[^/]+\/([^/]+\/[^/]+)\/pull\/(\d+)(?:[/?#].*)?$/.exec(first);
  if (url && more.length === 0) return { repository: url[1] ?? "", number: Number(url[2]) };
  if (/^#?\d+$/.test(first) && more.length === 0) return { number: Number(first.replace("#", "")) };
  throw new PolarisError("usage", `"${first}" is no pull request.`, {
    hint: "A number, or its address.",
  });
}
