import { expect, setDefaultTimeout, test } from "bun:test";
import { chmodSync, existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { until } from "../../src/lib/until.ts";
import { makeWorld, startHere, type World } from "./world.ts";

setDefaultTimeout(90_000);

/** A repository with everything a foreign one could configure to be run. */
function startRepository(world: World) {
  const env = {
    PATH: process.env.PATH ?? "",
    HOME: world.folder,
    GIT_AUTHOR_NAME: "Manu",
    GIT_AUTHOR_EMAIL: "manu@example.com",
    GIT_COMMITTER_NAME: "Manu",
    GIT_COMMITTER_EMAIL: "manu@example.com",
  };
  const git = (...args: string[]): string => {
    const done = Bun.spawnSync(["git", ...args], { cwd: world.work, env });
    if (done.exitCode !== 0) throw new Error(`git ${args.join(" ")}: ${done.stderr}`);
    return done.stdout.toString().trim();
  };
  const commit = (file: string, words: string, message: string, ...more: string[]): string => {
    writeFileSync(join(world.work, file), words);
    git("add", file);
    git("commit", "-qm", message, ...more);
    return git("rev-parse", "HEAD");
  };
  git("init", "-q", "-b", "main");
  git("remote", "add", "origin", "git@github.com:acme/site.git");
  return { git, commit };
}

const commitsOf = (world: World) =>
  [...world.server.events.values()].filter(({ kind }) => kind === "code.commit");

test("commits made while a session runs are its own, through amend and rebase (E7)", async () => {
  await using world = makeWorld();
  const { git, commit } = startRepository(world);
  const old = commit("readme.md", "old\n", "before the session");
  await Bun.sleep(2100); // git notes whole seconds
  await using _daemon = await startHere(world);
  await world.link();
  await world.begin();
  const trap = join(world.folder, "trap");
  writeFileSync(trap, `#!/bin/sh\ntouch ${world.folder}/trapped\ncat\n`);
  chmodSync(trap, 0o755);
  const first = commit("a.ts", "one\ntwo\n", "feat: add a");
  const second = commit("b.ts", "three\n", "feat: add b");
  // From here on the repository asks for programs of its own to be run.
  git("config", "diff.external", trap);
  git("config", "core.fsmonitor", trap);
  git("config", "log.showSignature", "true");
  git("config", "gpg.program", trap);
  writeFileSync(join(world.work, ".gitattributes"), "*.ts diff=evil filter=evil\n");
  git("config", "diff.evil.textconv", trap);
  await until(() => commitsOf(world).length === 2, { timeoutMs: 30_000 });
  expect(existsSync(join(world.folder, "trapped"))).toBe(false);
  for (const key of ["diff.external", "core.fsmonitor", "diff.evil.textconv"])
    git("config", "--unset", key);
  writeFileSync(join(world.work, ".gitattributes"), "");
  const [one, two] = commitsOf(world);
  expect(one).toMatchObject({
    text: "feat: add a",
    sender: "agent:tiny",
    body: {
      repository: "github.com/acme/site",
      sha: first,
      branch: "main",
      files: 1,
      additions: 2,
      deletions: 0,
    },
  });
  expect(two?.body).toMatchObject({ sha: second });
  expect(JSON.stringify([...world.server.events.values()])).not.toContain(old);

  const amended = commit("b.ts", "three\nfour\n", "feat: add b and four", "--amend");
  git("checkout", "-q", "-b", "side", first);
  commit("c.ts", "five\n", "feat: add c");
  git("checkout", "-q", "main");
  git("rebase", "-q", "side");
  const rebased = git("rev-parse", "HEAD");
  await until(() => commitsOf(world).some(({ body }) => body.sha === rebased), {
    timeoutMs: 30_000,
  });
  const bySha = new Map(commitsOf(world).map(({ body }) => [body.sha, body]));
  expect(bySha.get(amended)).toMatchObject({ replaces: [second] });
  expect(bySha.get(rebased)?.patch).toBe(bySha.get(amended)?.patch as string);
  expect(bySha.size).toBe(commitsOf(world).length);
});
