/**
 * Puts the dashboard's files into an executable: writes them to a folder and answers a bundler plugin that replaces
 * `web/embedded.ts` by a module importing each of them `with { type: "file" }`. The replacement names neither the
 * bundler nor Tailwind, which therefore stay outside.
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { BunPlugin } from "bun";
import { buildAssets } from "./build.ts";

export async function embedAssets(folder: string): Promise<BunPlugin> {
  mkdirSync(folder, { recursive: true });
  const imports: string[] = [];
  const rows: string[] = [];
  for (const { name, path, type, bytes, encodings } of await buildAssets()) {
    const forms = Object.entries({ identity: bytes, ...encodings });
    const files: string[] = [];
    for (const [form, content] of forms) {
      const file = join(folder, form === "identity" ? name : `${name}.${form}`);
      await Bun.write(file, content);
      const local = `file${imports.length}`;
      imports.push(`import ${local} from ${JSON.stringify(file)} with { type: "file" };`);
      files.push(`${form}: ${local}`);
    }
    const said = [name, path, type].map((value) => JSON.stringify(value));
    rows.push(
      `{ name: ${said[0]}, path: ${said[1]}, type: ${said[2]}, files: { ${files.join(", ")} } }`,
    );
  }
  const contents = `${imports.join("\n")}
export const embedded = [${rows.join(",\n")}];
export function bundle() { throw new Error("the assets are inside"); }
`;
  return {
    name: "polaris-assets",
    setup(build) {
      build.onLoad({ filter: /[\\/]web[\\/]embedded\.ts$/ }, () => ({ contents, loader: "js" }));
    },
  };
}
