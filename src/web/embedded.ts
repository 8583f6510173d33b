/**
 * The assets inside the executable. In the source tree there are none: `assets.ts` then bundles them at start.
 * The executable's build replaces this whole module, by the plugin that `embed.ts` makes, with one
 * that imports each file `with { type: "file" }` and exports the list as `embedded`, and
 * `bundle` as a function that throws: so neither the bundler nor Tailwind is reachable from the executable.
 */
import type { Asset } from "./asset.ts";

/** An asset whose bytes are read from a path when the server starts. */
export interface Embedded {
  name: string;
  path: string;
  type: string;
  files: { identity: string; br?: string; gzip?: string; zstd?: string };
}

export const embedded: Embedded[] | null = null as Embedded[] | null;

/** The assets of the source tree, from the cache or freshly bundled. */
export async function bundle(): Promise<Asset[]> {
  const { cached } = await import("./cached.ts");
  return await cached();
}
