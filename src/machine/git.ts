import { existsSync, readFileSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";

/** A repository's folder here, and where it comes from: `github.com/acme/website`. */
export interface Repository {
  root: string;
  remote?: string;
}

/**
 * The repository that holds a directory, read from its files: running git would run what a foreign repository has
 * configured (hooks, fsmonitor), and cost a process for each call. Worktrees lead to the repository they belong to.
 */
export function repositoryOf(directory: string): Repository | undefined {
  for (let root = resolve(directory); ; root = dirname(root)) {
    const git = gitFolder(join(root, ".git"));
    if (git) {
      const remote = remoteOf(git);
      return remote === undefined ? { root } : { root, remote };
    }
    if (dirname(root) === root) return undefined;
  }
}

/** The working tree that holds a directory, and git's own folder of it: a worktree's, not the one it shares. */
export function checkoutOf(directory: string): { root: string; git: string } | undefined {
  for (let root = resolve(directory); ; root = dirname(root)) {
    const path = join(root, ".git");
    const found = statSync(path, { throwIfNoEntry: false });
    if (found?.isDirectory() && existsSync(join(path, "HEAD"))) return { root, git: path };
    if (found?.isFile()) {
      const target = /^gitdir: (.+)$/m.exec(read(path))?.[1];
      if (target) return { root, git: resolve(root, target.trim()) };
    }
    if (dirname(root) === root) return undefined;
  }
}

/** The branch that is checked out, read from its file; none when the head stands on a commit of its own. */
export function branchOf(git: string): string | undefined {
  return /^ref: refs\/heads\/(.+)$/m.exec(read(join(git, "HEAD")))?.[1];
}

/** `.git` itself, or what the file of a worktree or submodule points to; for a worktree the common folder. */
function gitFolder(path: string): string | undefined {
  const found = statSync(path, { throwIfNoEntry: false });
  if (!found) return undefined;
  if (found.isDirectory()) return existsSync(join(path, "HEAD")) ? path : undefined;
  const target = /^gitdir: (.+)$/m.exec(read(path))?.[1];
  if (!target) return undefined;
  const folder = resolve(dirname(path), target.trim());
  const common = read(join(folder, "commondir")).trim();
  return common ? resolve(folder, common) : folder;
}

/** `origin`, else the first remote there is; without a host it names a place on this disk and nothing else. */
function remoteOf(git: string): string | undefined {
  const urls = new Map<string, string>();
  let section: string | undefined;
  for (const line of read(join(git, "config")).split("\n")) {
    const head = /^\s*\[(.*)\]/.exec(line)?.[1];
    if (head !== undefined) section = /^remote\s+"(.+)"$/.exec(head.trim())?.[1];
    const url = /^\s*url\s*=\s*(.*?)\s*$/.exec(line)?.[1];
    if (section !== undefined && url && !urls.has(section)) urls.set(section, url);
  }
  const url = urls.get("origin") ?? urls.values().next().value;
  return url === undefined ? undefined : nameOf(url.replace(/^"(.*)"$/, "$1"));
}

/**
 * One name for all addresses of a repository, without user, password, port and `.git`:
 * `git@github.com:acme/website.git`, `https://token@github.com/acme/website`, `ssh://git@github.com:22/acme/website`.
 */
export function nameOf(url: string): string | undefined {
  const parts =
    /^(?:ssh|https?|git):\/\/(?:[^@/]*@)?([^/:]+|\[[^\]]+\])(?::\d+)?\/(.+)$/.exec(url) ??
    /^(?:[^@/:]+@)?([^/:]+):(?!\/\/)(.+)$/.exec(url);
  const [, host, path] = parts ?? [];
  // One letter before a colon is a drive of Windows.
  if (!host || !path || host.length === 1) return undefined;
  const clean = path.replace(/^\/+|\/+$/g, "").replace(/\.git$/, "");
  return clean ? `${host.toLowerCase()}/${clean}` : undefined;
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
