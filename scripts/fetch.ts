/** Installs an npm package that only tests need into .cache, outside package.json: `npm start` must not wait for it. */
import { existsSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { keep } from "./keep.ts";
import { ROOT } from "./root.ts";

/** The package's folder; throws with the installer's own last words. */
export async function fetchPackage(name: string, version: string): Promise<string> {
  const cache = join(ROOT, ".cache/tests");
  const folder = join(cache, `${name.replaceAll(/[@/]/g, "")}-${version}`);
  const inside = join(folder, "node_modules", name);
  if (existsSync(inside)) return inside;
  const half = `${folder}.${process.pid}.tmp`;
  mkdirSync(half, { recursive: true });
  await Bun.write(join(half, "package.json"), '{"private":true}\n');
  const slow = setTimeout(
    () => console.error(`Fetching ${name} ${version} for the tests …`),
    1_000,
  );
  const child = Bun.spawn(
    [process.execPath, "add", "--exact", "--ignore-scripts", `${name}@${version}`],
    { cwd: half, stdout: "ignore", stderr: "pipe" },
  );
  const words = await new Response(child.stderr).text();
  clearTimeout(slow);
  if ((await child.exited) !== 0) {
    rmSync(half, { recursive: true, force: true });
    const last = words
      .trim()
      .split("\n")
      .findLast((line) => line.includes("error:"));
    throw new Error(last ?? words.trim().slice(-200));
  }
  keep(half, folder);
  return inside;
}
