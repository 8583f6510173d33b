import { Commit } from "../wire/commit.ts";

/** What a commit says and changes, asked of git's own plumbing. Undefined where there is no git, or no such commit. */
export async function describe(
  root: string,
  sha: string,
): Promise<
  Pick<Commit, "sha" | "patch" | "subject" | "additions" | "deletions" | "files"> | undefined
> {
  const said = await git(root, ["show", "--no-patch", "--no-show-signature", "--format=%s", sha]);
  if (said === undefined) return undefined;
  const diff = ["diff-tree", "--root", "--no-commit-id", "-r", "--no-ext-diff", "--no-textconv"];
  const changed = (await git(root, [...diff, "--numstat", sha])) ?? "";
  const counts = changed.split("\n").flatMap((line) => {
    const [added, removed, name] = line.split("\t");
    return name ? [{ added: Number(added) || 0, removed: Number(removed) || 0 }] : [];
  });
  return Commit.omit({ repository: true, branch: true, replaces: true }).parse({
    sha,
    patch: await patchOf(root, sha),
    subject: said.split("\n")[0]?.slice(0, 1000) ?? "",
    additions: counts.reduce((sum, { added }) => sum + added, 0),
    deletions: counts.reduce((sum, { removed }) => sum + removed, 0),
    files: counts.length,
  });
}

/** `git patch-id --stable`: the change itself, whatever it stands on. None for merges and empty commits. */
export async function patchOf(root: string, sha: string): Promise<string | undefined> {
  const diff = ["diff-tree", "--root", "-p", "--no-color", "--no-ext-diff", "--no-textconv", sha];
  const patch = await git(root, diff);
  if (!patch) return undefined;
  const id = await git(root, ["patch-id", "--stable"], patch);
  return /^[0-9a-f]{40,64}/.exec(id ?? "")?.[0];
}

/** The branch that is checked out, and the commit at its head. */
export async function headOf(root: string): Promise<{ branch?: string; sha?: string }> {
  const branch = (await git(root, ["symbolic-ref", "--short", "-q", "HEAD"]))?.trim();
  const sha = (await git(root, ["rev-parse", "--verify", "-q", "HEAD"]))?.trim();
  return { ...(branch ? { branch } : {}), ...(sha ? { sha } : {}) };
}

const TIMEOUT_MS = 5_000;
/** Of a longer patch the identity is not worth the memory. */
const MOST = 32 * 1024 * 1024;

/**
 * Commands that read objects and refs only. Nothing a foreign repository configures is run: no hooks, no file monitor,
 * no external diff, no filter, no fetch of what is missing.
 */
async function git(root: string, args: string[], input?: string): Promise<string | undefined> {
  try {
    const child = Bun.spawn(
      ["git", "--no-pager", "-c", "core.fsmonitor=false", "-c", "log.showSignature=false", ...args],
      {
        cwd: root,
        stdin: input === undefined ? "ignore" : Buffer.from(input),
        stdout: "pipe",
        stderr: "ignore",
        timeout: TIMEOUT_MS,
        maxBuffer: MOST,
        env: {
          ...process.env,
          GIT_OPTIONAL_LOCKS: "0",
          GIT_NO_LAZY_FETCH: "1",
          GIT_TERMINAL_PROMPT: "0",
          LC_ALL: "C",
        },
      },
    );
    const out = await new Response(child.stdout).text();
    return (await child.exited) === 0 ? out : undefined;
  } catch {
    return undefined; // no git here
  }
}
