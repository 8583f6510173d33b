/** A Debian program that only tests need, unpacked into .cache: nothing is installed on the machine. */
import { existsSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { keep } from "./keep.ts";
import { ROOT } from "./root.ts";

export interface Tool {
  command: string;
  env: Record<string, string | undefined>;
}

/** The system's own, else out of these packages (the program's and its libraries'); undefined where neither is to be had. */
export function findTool(name: string, packages: string[]): Tool | undefined {
  const installed = Bun.which(name);
  if (installed) return { command: installed, env: process.env };
  const folder = join(ROOT, ".cache/tests/tools", packages.join("_"));
  if (!existsSync(folder) && !unpack(packages, folder)) return undefined;
  const [libraries] = new Bun.Glob("usr/lib/*-linux-gnu").scanSync({
    cwd: folder,
    onlyFiles: false,
  });
  const env = libraries ? { LD_LIBRARY_PATH: join(folder, libraries) } : {};
  return { command: join(folder, "usr/bin", name), env: { ...process.env, ...env } };
}

function unpack(packages: string[], folder: string): boolean {
  const apt = Bun.which("apt-get");
  if (!apt || !Bun.which("dpkg")) return false;
  const half = `${folder}.${process.pid}.tmp`;
  mkdirSync(half, { recursive: true });
  try {
    const run = (command: string[]) =>
      Bun.spawnSync(command, { cwd: half, timeout: 30_000 }).exitCode === 0;
    if (!run([apt, "download", ...packages])) return false;
    const files = readdirSync(half).filter((it) => it.endsWith(".deb"));
    if (!files.every((file) => run(["dpkg", "-x", file, "."]))) return false;
    keep(half, folder);
    return true;
  } finally {
    rmSync(half, { recursive: true, force: true });
  }
}
