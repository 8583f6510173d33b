import { expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { PROMISES } from "./promises.ts";

const tests = readdirSync(import.meta.dir, { recursive: true })
  .map(String)
  .filter((file) => /\.test\.tsx?$/.test(file) && !file.endsWith("promises.test.ts"))
  .map((file) => readFileSync(join(import.meta.dir, file), "utf8"))
  .join("\n");
const readme = readFileSync(join(import.meta.dir, "../README.md"), "utf8");

test.each(Object.entries(PROMISES))(
  "the promise %s is in the README and cited by a test",
  (key, words) => {
    expect(readme.includes(words)).toBe(true);
    expect(tests.includes(`promise: ${key}`)).toBe(true);
  },
);

test("the README promises nothing that is not in the list", () => {
  const section = /## What you can rely on\n\n([\s\S]*?)\n\n## /.exec(readme)?.[1] ?? "";
  const lines = section.split("\n").map((line) => line.replace(/^- /, ""));
  expect(lines).toEqual(Object.values(PROMISES));
});
