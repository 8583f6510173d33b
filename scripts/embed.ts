/** Modules whose source form finds things on disk, and which the executable replaces by what it carries. */
import { existsSync, mkdirSync, renameSync } from "node:fs";
import { join } from "node:path";
import type { BunPlugin } from "bun";
import { ROOT } from "./root.ts";

/** `db/archive.ts`, with the path of this target's PostgreSQL inside the executable. */
export const archiveModule = (path: string): string =>
  `import path from ${JSON.stringify(path)} with { type: "file" };\nexport const ARCHIVE = path;\n`;

/** `web/embedded.ts`, with every asset of the dashboard, plain and compressed, as files of the executable. */
export async function assetsModule(): Promise<string | undefined> {
  const source = join(ROOT, "src/web/build.ts");
  if (!existsSync(source)) return undefined;
  const { buildAssets } = await import(source);
  const folder = join(ROOT, ".cache/generated/web");
  mkdirSync(folder, { recursive: true });
  const imports: string[] = [];
  const place = async (name: string, bytes: Uint8Array) => {
    const path = join(folder, name);
    // Another build may be reading it: the name stays, because it goes into the executable, and is never half.
    const half = `${path}.${process.pid}.tmp`;
    await Bun.write(half, bytes);
    renameSync(half, path);
    return imports.push(
      `import f${imports.length} from ${JSON.stringify(path)} with { type: "file" };`,
    );
  };
  const entries: string[] = [];
  for (const { name, path, type, bytes, encodings } of await buildAssets()) {
    const files = [`identity: f${(await place(name, bytes)) - 1}`];
    for (const [encoding, packed] of Object.entries<Uint8Array>(encodings)) {
      files.push(`${encoding}: f${(await place(`${name}.${encoding}`, packed)) - 1}`);
    }
    const fields = Object.entries({ name, path, type }).map(
      ([key, value]) => `${key}: ${JSON.stringify(value)}`,
    );
    entries.push(`  { ${fields.join(", ")}, files: { ${files.join(", ")} } },`);
  }
  return `${imports.join("\n")}
export const embedded = [
${entries.join("\n")}
];
export async function bundle() {
  throw new Error("the executable carries its assets");
}
`;
}

/** The bundler plugin that swaps them in. A module that is never imported would mean a promise silently broken. */
export function replace(modules: Record<string, string | undefined>): {
  plugin: BunPlugin;
  missed(): string[];
} {
  const left = new Set(Object.keys(modules).filter((file) => modules[file] !== undefined));
  const plugin: BunPlugin = {
    name: "polaris-embed",
    setup(build) {
      for (const [file, contents] of Object.entries(modules)) {
        if (contents === undefined) continue;
        build.onLoad({ filter: new RegExp(`${RegExp.escape(`/src/${file}`)}$`) }, () => {
          left.delete(file);
          return { contents, loader: "ts" };
        });
      }
    },
  };
  return { plugin, missed: () => [...left] };
}
