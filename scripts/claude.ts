/** The real Claude Code for the end-to-end tests, at the version whose transcripts were recorded. */
import { chmodSync, existsSync } from "node:fs";
import { join } from "node:path";
import { fetchPackage } from "./fetch.ts";

export const CLAUDE = "2.1.329";

/** The path of its program; throws with the reason when there is none. */
export async function findClaude(): Promise<string> {
  const named = process.env.POLARIS_TEST_CLAUDE;
  const path = named ?? (await packaged());
  const { success, stdout, stderr } = Bun.spawnSync([path, "--version"], {
    env: { PATH: process.env.PATH, HOME: "/nonexistent", DISABLE_AUTOUPDATER: "1" },
    timeout: 30_000,
  });
  if (success && stdout.includes(CLAUDE)) return path;
  throw new Error(`${path} is not Claude Code ${CLAUDE}: ${stdout}${stderr}`.slice(0, 300));
}

/** Its program is in a package for the platform; the install script that would link it never runs. */
async function packaged(): Promise<string> {
  const folder = await fetchPackage("@anthropic-ai/claude-code", CLAUDE);
  const names = ["", "-musl"].map((libc) => `-${process.platform}-${process.arch}${libc}`);
  const path = names.map((name) => join(`${folder}${name}`, "claude")).find(existsSync);
  if (!path) throw new Error(`Claude Code has no program for ${process.platform}-${process.arch}`);
  chmodSync(path, 0o755);
  return path;
}
