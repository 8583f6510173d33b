import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";

const ROOT = join(import.meta.dir, "../..");
const FOLDER = join(ROOT, ".cache/test");

/** The executable of this platform, built once for each state of its sources. */
export async function executable(): Promise<string> {
  const path = join(FOLDER, `polaris-${await state()}`);
  if (existsSync(path)) return path;
  mkdirSync(FOLDER, { recursive: true });
  for (const name of readdirSync(FOLDER)) rmSync(join(FOLDER, name), { force: true });
  const half = `${path}.${process.pid}.tmp`;
  const child = Bun.spawn([process.execPath, "scripts/build.ts", "--outfile", half], {
    cwd: ROOT,
    stdout: "ignore",
    stderr: "pipe",
  });
  const words = await new Response(child.stderr).text();
  if ((await child.exited) !== 0) throw new Error(`the build failed: ${words}`);
  renameSync(half, path);
  return path;
}

/** A hash over everything that may end up in the executable. */
async function state(): Promise<string> {
  const hash = new Bun.CryptoHasher("sha256").update(Bun.version);
  const files = ["package.json", "bun.lock"];
  for (const room of ["src", "scripts", "assets", "hooks", "skills"]) {
    if (!existsSync(join(ROOT, room))) continue;
    files.push(...(await Array.fromAsync(new Bun.Glob(`${room}/**/*`).scan({ cwd: ROOT }))));
  }
  for (const file of files.sort()) {
    hash.update(file).update(await Bun.file(join(ROOT, file)).bytes());
  }
  return hash.digest("hex").slice(0, 16);
}
