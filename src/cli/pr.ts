import { call } from "../machine/api.ts";
import { headOf, patchOf } from "../machine/commits.ts";
import { repositoryOf } from "../machine/git.ts";
import { apiOf, type Pull, startGithub, tokenOf } from "../machine/github.ts";
import { paths } from "../machine/paths.ts";
import { currentServer } from "../machine/tokens.ts";
import { PolarisError } from "../wire/error.ts";
import { PullSummary } from "../wire/pull.ts";
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
  const here = repositoryOf(process.cwd());
  const repository = wanted.repository ?? here?.remote?.split("/").slice(1).join("/");
  if (!repository) {
    throw new PolarisError("usage", "This directory belongs to no repository with a remote.", {
      hint: "Name the pull request: polaris pr https://github.com/acme/shop/pull/42",
    });
  }
  const server = await currentServer(paths(values["polaris-home"]));
  const github = startGithub(apiOf(process.env), await tokenOf(process.env), repository);
  const pull = await find(github, wanted.number, here?.root);
  const shas = await github.commits(pull.number);
  const patches: string[] = [];
  for (const sha of here ? shas.slice(0, 250) : []) {
    const patch = await patchOf(here?.root ?? ".", sha);
    if (patch) patches.push(patch);
  }
  const host = here?.remote?.split("/")[0] ?? "github.com";
  const asked = { repository: `${host}/${repository}`, shas, patches, branch: pull.head.ref };
  const body = JSON.stringify(asked);
  const summary = await call(server, { method: "POST", path: "/pulls/summary", body }, PullSummary);
  if (summary.sessions.length === 0) {
    throw new PolarisError("not_found", `No session is known behind pull request ${pull.number}.`, {
      hint: "Sessions are found by the commits made while they were recorded; a project can be left out by its settings.",
    });
  }
  if (values.print)
    return void console.log(values.json ? JSON.stringify(summary) : summary.markdown);
  const mark = summary.markdown.split("\n")[0] ?? "";
  const { url, isNew } = await github.comment(pull.number, mark, summary.markdown);
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

async function find(
  github: ReturnType<typeof startGithub>,
  number: number | undefined,
  root: string | undefined,
): Promise<Pull> {
  if (number !== undefined) return github.pull(number);
  const { branch } = root ? await headOf(root) : {};
  const pull = branch ? await github.pullOf(branch) : undefined;
  if (pull) return pull;
  throw new PolarisError(
    "not_found",
    `There is no open pull request of ${branch ?? "this place"}.`,
    {
      hint: "Name it: polaris pr 42",
    },
  );
}
