/**
 * The assets of the source tree: bundled once per state of their sources and kept in `.cache/web/<hash>/`, so that
 * a second start reads files (a few ms) and does not bundle (about 0.5 s).
 */
import { mkdirSync, readdirSync, renameSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import type { Asset } from "./asset.ts";

const ROOT = join(import.meta.dir, "../..");
const INPUTS = ["src/web", "src/wire", "assets"];
const LOCK = ["package.json", "bun.lock"];

const Kept = z.array(
  z.object({
    name: z.string(),
    path: z.string(),
    type: z.string(),
    encodings: z.array(z.enum(["br", "gzip", "zstd"])),
  }),
);

export async function cached(folder = join(ROOT, ".cache/web")): Promise<Asset[]> {
  const here = join(folder, await inputs());
  const index = Bun.file(join(here, "index.json"));
  if (await index.exists()) return await read(here, Kept.parse(await index.json()));
  const { buildAssets } = await import("./build.ts");
  const assets = await buildAssets();
  await keep(here, assets);
  forget(folder);
  return assets;
}

/** A hash over everything the assets are made of. */
async function inputs(): Promise<string> {
  const hash = new Bun.CryptoHasher("sha256").update(Bun.version);
  const files = INPUTS.flatMap((room) =>
    readdirSync(join(ROOT, room), { recursive: true, withFileTypes: true })
      .filter((file) => file.isFile())
      .map((file) => join(file.parentPath, file.name)),
  ).concat(LOCK.map((file) => join(ROOT, file)));
  for (const file of files.sort()) hash.update(file).update(await Bun.file(file).bytes());
  return hash.digest("hex").slice(0, 16);
}

async function read(here: string, kept: z.infer<typeof Kept>): Promise<Asset[]> {
  return await Promise.all(
    kept.map(async ({ name, path, type, encodings }) => ({
      name,
      path,
      type,
      bytes: await Bun.file(join(here, name)).bytes(),
      encodings: Object.fromEntries(
        await Promise.all(
          encodings.map(async (as) => [as, await Bun.file(join(here, `${name}.${as}`)).bytes()]),
        ),
      ),
    })),
  );
}

/** Written beside and renamed, so that a start that was killed leaves no half cache. */
async function keep(here: string, assets: Asset[]): Promise<void> {
  const half = `${here}.${process.pid}.tmp`;
  mkdirSync(half, { recursive: true });
  for (const { name, bytes, encodings } of assets) {
    await Bun.write(join(half, name), bytes);
    for (const [as, packed] of Object.entries(encodings)) {
      await Bun.write(join(half, `${name}.${as}`), packed);
    }
  }
  const index = assets.map(({ name, path, type, encodings }) => ({
    name,
    path,
    type,
    encodings: Object.keys(encodings),
  }));
  await Bun.write(join(half, "index.json"), JSON.stringify(index));
  try {
    renameSync(half, here);
  } catch {
    // Another start was faster and has kept the same content.
    rmSync(half, { recursive: true, force: true });
  }
}

/** Keeps the four newest states; a developer switches between few. What another start takes away meanwhile is gone. */
function forget(folder: string): void {
  const states = readdirSync(folder)
    .map((name) => join(folder, name))
    .map((path) => ({ path, at: statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0 }))
    .sort((a, b) => b.at - a.at);
  for (const { path } of states.slice(4)) rmSync(path, { recursive: true, force: true });
}
