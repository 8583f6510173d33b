import { z } from "zod";
import { PolarisError } from "../wire/error.ts";

/** GitHub's API, or what stands in its place (GitHub Enterprise: https://host/api/v3). */
export const apiOf = (env: Record<string, string | undefined>): string =>
  (env.GITHUB_API_URL || "https://api.github.com").replace(/\/+$/, "");

/** The person's own token: from the environment, else the one that `gh` keeps. */
export async function tokenOf(env: Record<string, string | undefined>): Promise<string> {
  const given = env.GITHUB_TOKEN || env.GH_TOKEN;
  if (given) return given;
  try {
    const child = Bun.spawn(["gh", "auth", "token"], { stdout: "pipe", stderr: "ignore", env });
    const token = (await new Response(child.stdout).text()).trim();
    if ((await child.exited) === 0 && token) return token;
  } catch {
    // No gh here.
  }
  throw new PolarisError("usage", "GitHub does not know you here.", {
    hint: "Set GITHUB_TOKEN, or sign in with gh auth login.",
  });
}

const Pull = z.object({
  number: z.int(),
  html_url: z.string(),
  head: z.object({ ref: z.string(), sha: z.string() }),
});
export type Pull = z.infer<typeof Pull>;
const Commits = z.array(z.object({ sha: z.string() }));
const Comments = z.array(
  z.object({ id: z.int(), body: z.string().nullish(), html_url: z.string() }),
);
const Comment = z.object({ id: z.int(), html_url: z.string() });

/** What is asked of GitHub about one repository: `acme/shop`. */
export function startGithub(api: string, token: string, repository: string) {
  async function ask<T>(
    shape: z.ZodType<T>,
    path: string,
    method = "GET",
    body?: object,
  ): Promise<T> {
    const response = await fetch(`${api}/repos/${repository}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        accept: "application/vnd.github+json",
        "x-github-api-version": "2022-11-28",
        "user-agent": "polaris",
        ...(body ? { "content-type": "application/json" } : {}),
      },
      ...(body ? { body: JSON.stringify(body) } : {}),
      signal: AbortSignal.timeout(30_000),
    }).catch((cause: unknown) => {
      throw new PolarisError("unreachable", `${new URL(api).host} does not answer.`, { cause });
    });
    const json: unknown = await response.json().catch(() => undefined);
    const parsed = shape.safeParse(json);
    if (response.ok && parsed.success) return parsed.data;
    throw refusal(response.status, repository);
  }

  /** All pages of a list, 100 each; ten are enough for any pull request. */
  async function all<T>(shape: z.ZodType<T[]>, path: string): Promise<T[]> {
    const items: T[] = [];
    for (let page = 1; page <= 10; page++) {
      const some = await ask(
        shape,
        `${path}${path.includes("?") ? "&" : "?"}per_page=100&page=${page}`,
      );
      items.push(...some);
      if (some.length < 100) break;
    }
    return items;
  }

  return {
    pull: (number: number) => ask(Pull, `/pulls/${number}`),
    /** The open pull request of a branch. */
    async pullOf(branch: string): Promise<Pull | undefined> {
      const owner = repository.split("/")[0];
      const head = encodeURIComponent(`${owner}:${branch}`);
      const list = await ask(z.array(Pull), `/pulls?state=open&head=${head}`);
      return list.find((pull) => pull.head.ref === branch);
    },
    commits: async (number: number) =>
      (await all(Commits, `/pulls/${number}/commits`)).map(({ sha }) => sha),
    /** Writes the one comment that carries this mark: changes it where it is, or makes it. */
    async comment(
      number: number,
      mark: string,
      body: string,
    ): Promise<{ url: string; isNew: boolean }> {
      const known = (await all(Comments, `/issues/${number}/comments`)).find((each) =>
        each.body?.startsWith(mark),
      );
      if (known?.body === body) return { url: known.html_url, isNew: false };
      const made = known
        ? await ask(Comment, `/issues/comments/${known.id}`, "PATCH", { body })
        : await ask(Comment, `/issues/${number}/comments`, "POST", { body });
      return { url: made.html_url, isNew: !known };
    },
  };
}

function refusal(status: number, repository: string): PolarisError {
  if (status === 401) {
    return new PolarisError("not_signed_in", "GitHub does not take this token.", {
      hint: "Set another GITHUB_TOKEN, or gh auth login.",
    });
  }
  return new PolarisError(
    status === 404 ? "not_found" : "forbidden",
    `GitHub answered ${status} about ${repository}.`,
    { hint: "The token needs to read the repository and to write to its pull requests." },
  );
}
