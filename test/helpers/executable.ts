import { existsSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { alone } from "../../scripts/alone.ts";

const ROOT = join(import.meta.dir, "../..");
const FOLDER = join(ROOT, ".cache/test");

/** The executable of this platform, built once for each state of its sources, by whichever worker asks first. */
export async function executable(): Promise<string> {
  const path = join(FOLDER, `polaris-${await state()}`);
  if (existsSync(path)) return path;
  return await alone(FOLDER, async () => {
    if (existsSync(path)) return path;
    for (const name of readdirSync(FOLDER)) {
      if (!name.startsWith("lock")) rmSync(join(FOLDER, name), { recursive: true, force: true });
    }
    const half = `${path}.tmp`;
    const child = Bun.spawn([process.execPath, "scripts/build.ts", "--outfile", half], {
      cwd: ROOT,
      stdout: "ignore",
      stderr: "pipe",
    });
    const words = await new Response(child.stderr).text();
    if ((await child.exited) !== 0) throw new Error(`the build failed: ${words}`);
    renameSync(half, path);
    return path;
  });
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
