import { expect, test } from "bun:test";
import { copyFileSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { temporary } from "../helpers/temp.ts";

const ROOT = join(import.meta.dir, "../..");
const { devDependencies } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));

/** A clone with nothing but the runner and one task, its dependencies installed earlier; and a PATH of Node alone. */
function clone(folder: string, start: string) {
  for (const name of ["scripts", "src", "node_modules", "bin"]) mkdirSync(join(folder, name));
  for (const name of ["package.json", "bun.lock", "scripts/run.mjs"]) {
    copyFileSync(join(ROOT, name), join(folder, name));
  }
  writeFileSync(join(folder, "src/main.ts"), start);
  const stamp = new Bun.CryptoHasher("sha256")
    .update(readFileSync(join(ROOT, "bun.lock")))
    .update(`${devDependencies.bun} ${process.platform} ${process.arch}`)
    .digest("hex");
  writeFileSync(join(folder, "node_modules/.polaris-stamp"), stamp);
  symlinkSync(Bun.which("node") ?? "", join(folder, "bin/node"));
  symlinkSync(process.execPath, join(folder, "bin/bun"));
  return (...args: string[]) =>
    Bun.spawn(["node", join(folder, "scripts/run.mjs"), ...args], {
      cwd: folder,
      env: { PATH: join(folder, "bin") },
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
    });
}

test("npm start needs neither network, npm nor a home once everything is there", async () => {
  await using folder = temporary();
  const run = clone(folder.path, "console.log(process.argv.slice(2)); process.exit(7)");
  const child = run("start", "--port", "0");
  expect(await new Response(child.stdout).text()).toContain('"demo", "--port", "0"');
  expect(await child.exited).toBe(7);
});

test("a signal for npm start reaches what it started, and the answer comes back", async () => {
  await using folder = temporary();
  const run = clone(
    folder.path,
    'process.on("SIGTERM", () => process.exit(9)); setInterval(() => {}, 60_000); console.log("up")',
  );
  const child = run("start");
  for await (const _ of child.stdout) break;
  child.kill("SIGTERM");
  expect(await child.exited).toBe(9);
});

test("npm run dev ends when it is asked to, and leaves nothing running", async () => {
  await using folder = temporary();
  const main = join(ROOT, "src/main.ts");
  // As `npm run dev` has it, but for the place of its data.
  const child = Bun.spawn(
    [
      process.execPath,
      "--watch",
      main,
      "serve",
      "--port",
      "0",
      "--data-dir",
      folder.path,
      "--json",
    ],
    { cwd: folder.path, env: { HOME: folder.path }, stdout: "pipe", stderr: "ignore" },
  );
  for await (const part of child.stdout.pipeThrough(new TextDecoderStream())) {
    if (part.includes('"ready":true')) break;
  }
  child.kill("SIGTERM");
  const late = setTimeout(() => child.kill("SIGKILL"), 15_000);
  expect(await child.exited).toBe(0);
  clearTimeout(late);
}, 60_000);

test("an unknown task is one line and exit code 2", async () => {
  await using folder = temporary();
  const child = clone(folder.path, "")("strat");
  expect(await new Response(child.stderr).text()).toMatch(/^Usage: .*start\|test.*\n$/);
  expect(await child.exited).toBe(2);
});

test("without Bun and without npm it says what is missing", async () => {
  await using folder = temporary();
  const run = clone(folder.path, "");
  await Bun.file(join(folder.path, "bin/bun")).delete();
  const child = run("start");
  expect(await new Response(child.stderr).text()).toContain("it needs npm and a connection");
  expect(await child.exited).toBe(1);
});
