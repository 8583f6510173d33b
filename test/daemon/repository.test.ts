import { expect, test } from "bun:test";
import { chmodSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { nameOf, repositoryOf } from "../../src/machine/git.ts";
import { ask } from "../../src/machine/local.ts";
import { makeWorld, startHere, type World } from "./world.ts";

/** A repository as git lays it out, with a hook and a monitor that must never run. */
function clone(world: World, name: string, remote: string): string {
  const root = join(world.folder, name);
  mkdirSync(join(root, ".git/hooks"), { recursive: true });
  mkdirSync(join(root, "src"));
  writeFileSync(join(root, ".git/HEAD"), "ref: refs/heads/main\n");
  const trap = join(root, ".git/trap");
  writeFileSync(trap, `#!/bin/sh\ntouch ${world.folder}/trapped\n`);
  chmodSync(trap, 0o755);
  const url = `[core]\n\tfsmonitor = ${trap}\n[remote "origin"]\n\turl = ${remote}\n`;
  writeFileSync(join(root, ".git/config"), url);
  return root;
}

function worktree(world: World, of: string, name: string): string {
  const root = join(world.folder, name);
  const git = join(of, ".git/worktrees", name);
  mkdirSync(git, { recursive: true });
  mkdirSync(root);
  writeFileSync(join(git, "commondir"), "../..\n");
  writeFileSync(join(root, ".git"), `gitdir: ${git}\n`);
  return root;
}

const link = (world: World, directory: string, more = {}) =>
  ask<{ remote?: string }>(world.place, "/link", { directory, project: "site", ...more });
const unlink = (world: World, directory: string) =>
  ask<{ unlinked: boolean }>(world.place, "/unlink", { directory });

test.each([
  ["git@github.com:acme/site.git", "github.com/acme/site"],
  ["https://user:token@GitHub.com/acme/site.git", "github.com/acme/site"],
  ["ssh://git@github.com:22/acme/site/", "github.com/acme/site"],
  ["https://git.example.com:8443/a/b/site", "git.example.com/a/b/site"],
  ["github.com:acme/site", "github.com/acme/site"],
  ["/srv/git/site.git", undefined],
  ["../site", undefined],
  ["file:///srv/git/site.git", undefined],
  ["C:/site", undefined],
])("B7: %s names one repository whichever way it is reached", (url, name) => {
  expect(nameOf(url)).toBe(name);
});

test("B7: a linked repository is recorded in every clone and worktree, nothing of it is run, others are not", async () => {
  await using world = makeWorld();
  await using _daemon = await startHere(world);
  const first = clone(world, "first", "git@github.com:acme/site.git");
  const second = clone(world, "second", "https://token@github.com/acme/site");
  const tree = worktree(world, second, "tree");
  const other = clone(world, "other", "git@github.com:acme/other.git");
  expect(repositoryOf(join(tree, "src"))?.remote).toBe("github.com/acme/site");
  expect(await link(world, first)).toMatchObject({ remote: "github.com/acme/site" });
  const recorded = async (session: string, cwd: string) =>
    (await world.begin(session, { cwd })).recorded;
  expect(await recorded("one", join(first, "src"))).toBe(true);
  expect(await recorded("two", join(second, "src"))).toBe(true);
  expect(await recorded("three", tree)).toBe(true);
  expect(await recorded("four", other)).toBe(false);
  expect(await recorded("five", world.folder)).toBe(false);
  // From any of its copies.
  expect(await unlink(world, other)).toEqual({ unlinked: false });
  expect(await unlink(world, second)).toEqual({ unlinked: true });
  expect(await recorded("six", first)).toBe(false);
  expect(existsSync(join(world.folder, "trapped"))).toBe(false);
});

test("B7: a linked part of a repository means that part in its clones; --here means this directory alone", async () => {
  await using world = makeWorld();
  await using _daemon = await startHere(world);
  const first = clone(world, "first", "git@github.com:acme/site.git");
  const second = clone(world, "second", "git@github.com:acme/site.git");
  await link(world, join(first, "src"));
  expect(await world.begin("one", { cwd: join(second, "src") })).toMatchObject({ recorded: true });
  expect(await world.begin("two", { cwd: second })).toEqual({ recorded: false });
  await unlink(world, join(first, "src"));
  expect(await link(world, first, { here: true })).not.toHaveProperty("remote");
  expect(await world.begin("three", { cwd: second })).toEqual({ recorded: false });
  expect(await world.begin("four", { cwd: first })).toMatchObject({ recorded: true });
});
