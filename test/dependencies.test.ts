import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import pkg from "../package.json" with { type: "json" };

const words = readFileSync(join(import.meta.dir, "../docs/dependencies.md"), "utf8");

test("every dependency stands in docs/dependencies.md with its version, and none that is gone", () => {
  const all = { ...pkg.dependencies, ...pkg.devDependencies };
  const missing = Object.entries(all).filter(([name, version]) => {
    const row = words
      .split("\n")
      .find((line) => line.startsWith("|") && line.includes(short(name)));
    return !row?.includes(version);
  });
  expect(missing).toEqual([]);
});

/** Families share a row: `@fontsource-variable/geist 5.3.0, geist-mono 5.3.0`. */
const short = (name: string) => name.replace("@fontsource-variable/geist-mono", "geist-mono");
