/** A bare Debian root file system for tests: what a fresh server has, with curl, certificates and OpenSSL. */
import { chmodSync, cpSync, existsSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { keep } from "./keep.ts";
import { ROOT } from "./root.ts";

const SUITE = "bookworm";
const PACKAGES = "openssl,curl,ca-certificates";
const LIMIT_MS = 240_000;

/** Its folder, made once (a minute); throws with the reason when it cannot be. */
export function findDebian(): string {
  if (process.platform !== "linux") throw new Error("a chroot takes Linux");
  if (process.getuid?.() !== 0) throw new Error("a chroot takes root");
  const probe = Bun.spawnSync(["unshare", "--mount", "mount", "-t", "tmpfs", "tmpfs", "/mnt"]);
  if (probe.exitCode !== 0) throw new Error("no right to mount here");
  const folder = join(ROOT, ".cache/tests", `debian-${SUITE}`);
  if (existsSync(join(folder, "usr/bin/curl"))) return folder;
  const half = `${folder}.${process.pid}`;
  mkdirSync(half, { recursive: true });
  chmodSync(half, 0o755);
  try {
    const { program, share } = debootstrap();
    const mirror = process.env.POLARIS_TEST_DEBIAN ?? "http://deb.debian.org/debian";
    const options = ["--variant=minbase", `--include=${PACKAGES}`, SUITE, half, mirror];
    run(["sh", program, ...options], share ? { DEBOOTSTRAP_DIR: share } : {});
    keep(half, folder);
    return folder;
  } finally {
    rmSync(half, { recursive: true, force: true });
  }
}

/** The system's, or the package's own, unpacked beside us: nothing is installed. */
function debootstrap(): { program: string; share?: string } {
  const installed = Bun.which("debootstrap");
  if (installed) return { program: installed };
  const folder = join(ROOT, ".cache/tests/debootstrap");
  const program = join(folder, "usr/sbin/debootstrap");
  const share = join(folder, "usr/share/debootstrap");
  if (existsSync(program)) return { program, share };
  const half = `${folder}.${process.pid}.tmp`;
  mkdirSync(half, { recursive: true });
  run(["apt-get", "download", "debootstrap"], {}, half);
  const file = readdirSync(half).find((name) => name.endsWith(".deb")) ?? "";
  run(["dpkg", "-x", join(half, file), half]);
  keep(half, folder);
  return { program, share };
}

function run(command: string[], env: Record<string, string> = {}, cwd = "/"): void {
  const { exitCode, stdout, stderr } = Bun.spawnSync(command, {
    cwd,
    env: { ...process.env, ...env },
    timeout: LIMIT_MS,
  });
  if (exitCode === 0) return;
  throw new Error(`${command[0]} ${command[1]} failed: ${stderr || stdout}`.trim().slice(-300));
}

/** A copy of it that a test may fill. */
export function copyDebian(from: string, to: string): void {
  mkdirSync(to, { recursive: true });
  const { exitCode } = Bun.spawnSync(["cp", "-a", "--reflink=auto", `${from}/.`, to]);
  if (exitCode !== 0) cpSync(from, to, { recursive: true, verbatimSymlinks: true });
  chmodSync(to, 0o755);
}
