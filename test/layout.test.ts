import { expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize, relative } from "node:path";

const ROOT = join(import.meta.dir, "..");

/** Which rooms a room may import from. Its own files are always allowed; imports point down only. */
const MAY: Record<string, string[]> = {
  lib: [],
  wire: [],
  agents: ["wire", "lib"],
  machine: ["wire", "lib"],
  db: ["wire", "lib"],
  core: ["db", "wire", "lib"],
  daemon: ["agents", "machine", "wire", "lib"],
  mcp: ["machine", "wire", "lib"],
  slack: ["core", "wire", "lib"],
  "web/client": ["web/parts", "wire"],
  "web/parts": ["wire"],
  // The pages draw the first view with the client's own components.
  web: ["web/client", "web/parts", "core", "wire", "lib"],
  server: ["agents", "web", "core", "db", "wire", "lib"],
  cli: [
    "server",
    "web",
    "slack",
    "mcp",
    "daemon",
    "core",
    "db",
    "machine",
    "agents",
    "wire",
    "lib",
  ],
};

/** Outside packages have one home each. */
const HOMES: Record<string, string[]> = {
  elysia: ["server"],
  "@elysiajs/jwt": ["server"],
  "@elysiajs/openapi": ["server"],
  preact: ["web", "web/parts", "web/client"],
  "preact-render-to-string": ["web"],
  "@preact/signals": ["web/client"],
  marked: ["web/client"],
  diff: ["web/client"],
  "@speed-highlight/core": ["web/client"],
  "ansi-sequence-parser": ["web/client"],
  "bun-plugin-tailwind": ["web"],
  "@modelcontextprotocol/sdk": ["mcp"],
  "openid-client": ["server"],
  nodemailer: ["server"],
  "@slack/bolt": ["slack"],
  "@slack/web-api": ["slack"],
  "age-encryption": ["db"],
  "prom-client": ["server"],
  "@clack/prompts": ["cli"],
  "email-providers": ["core"],
  "bun:sqlite": ["daemon", "db", "machine"],
  "@secretlint/secretlint-rule-preset-recommend": ["machine"],
  zod: [
    "wire",
    "agents",
    "machine",
    "core",
    "daemon",
    "server",
    "cli",
    "db",
    "web",
    "web/client",
    "mcp",
    "slack",
  ],
};

interface Import {
  file: string;
  from: string;
  target: string;
}

const roomOf = (file: string): string => {
  const parts = file.split("/").slice(1);
  if (parts.length === 1) return "main";
  const inner = `${parts[0]}/${parts[1]}`;
  return inner in MAY && parts.length > 2 ? inner : (parts[0] ?? "");
};

const files = readdirSync(join(ROOT, "src"), { recursive: true })
  .map((file) => join("src", String(file)))
  .filter((file) => /\.tsx?$/.test(file) && !file.endsWith(".d.ts"));

const imports: Import[] = files.flatMap((file) => {
  const text = readFileSync(join(ROOT, file), "utf8");
  const found = text.matchAll(
    /(?:^|\n)\s*(?:import|export)\b[^;'"]*?from\s*["']([^"']+)["']|\bimport\(\s*["']([^"']+)["']/g,
  );
  return [...found].map((match) => {
    const target = match[1] ?? match[2] ?? "";
    return { file, from: roomOf(file), target };
  });
});

test("imports between rooms point down only", () => {
  expect(imports.length).toBeGreaterThan(200);
  const wrong = imports.filter(({ file, from, target }) => {
    if (!target.startsWith(".")) return false;
    const path = relative(ROOT, normalize(join(ROOT, dirname(file), target)));
    if (!path.startsWith("src/")) return false;
    const to = roomOf(path);
    return from !== "main" && to !== from && !MAY[from]?.includes(to);
  });
  expect(wrong.map(({ file, target }) => `${file} imports ${target}`)).toEqual([]);
});

test("outside packages stay in their one home", () => {
  const wrong = imports.filter(({ from, target }) => {
    if (target.startsWith(".") || target.startsWith("node:") || target === "bun") return false;
    const name = target.startsWith("@")
      ? target.split("/").slice(0, 2).join("/")
      : target.split("/")[0];
    const homes = HOMES[target] ?? HOMES[name ?? ""];
    return !homes?.includes(from);
  });
  expect(wrong.map(({ file, target }) => `${file} imports ${target}`)).toEqual([]);
});

test("imports name files that are there, with their ending", () => {
  const wrong = imports.filter(
    ({ file, target }) => target.startsWith(".") && !existsSync(join(ROOT, dirname(file), target)),
  );
  expect(wrong.map(({ file, target }) => `${file} imports ${target}`)).toEqual([]);
});

/** Tables may be longer. */
const TABLES = ["src/web/parts/shapes.ts"];

test("no file grows past 300 lines", () => {
  const long = files.filter(
    (file) =>
      !TABLES.includes(file) && readFileSync(join(ROOT, file), "utf8").split("\n").length > 301,
  );
  expect(long).toEqual([]);
});
