import { PolarisError } from "../wire/error.ts";
import { PullSummary } from "../wire/pull.ts";
import { call, type Server } from "./api.ts";
import { headOf, patchOf } from "./commits.ts";
import { repositoryOf } from "./git.ts";
import { apiOf, type Pull, startGithub, tokenOf } from "./github.ts";

/** As many commits of a pull request are compared by their change: each costs two runs of git. */
const PATCHES = 250;

export interface Wanted {
  /** Where on this machine the repository is. */
  cwd: string;
  /** Whose GitHub token, and which GitHub. */
  env: Record<string, string | undefined>;
  /** The pull request; without it the open one of the branch that is checked out in `cwd`. */
  number?: number | undefined;
  /** `acme/shop`; without it what `cwd` has as its remote. */
  repository?: string | undefined;
}

/** A pull request that was found, and what is to be said in it. */
export interface Found {
  pull: Pull;
  summary: PullSummary;
  /** Writes the one comment, or changes it where it is. */
  tell(): Promise<{ url: string; isNew: boolean }>;
}

/** Looks up a pull request with the person's own token and asks the server for the sessions behind it. */
export async function findPull(server: Server, wanted: Wanted): Promise<Found> {
  const here = repositoryOf(wanted.cwd);
  const repository = wanted.repository ?? here?.remote?.split("/").slice(1).join("/");
  if (!repository) {
    throw new PolarisError("usage", "This directory belongs to no repository with a remote.", {
      hint: "Name the pull request: polaris pr https://github.com/acme/shop/pull/42",
    });
  }
  const github = startGithub(apiOf(wanted.env), await tokenOf(wanted.env), repository);
  const pull = await find(github, wanted.number, here?.root);
  const shas = await github.commits(pull.number);
  const patches: string[] = [];
  for (const sha of here ? shas.slice(0, PATCHES) : []) {
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
  const mark = summary.markdown.split("\n")[0] ?? "";
  return { pull, summary, tell: () => github.comment(pull.number, mark, summary.markdown) };
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
    { hint: "Name it: polaris pr 42" },
  );
}
