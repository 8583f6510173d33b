/**
 * `npm start`, `npm test` and the rest, for a machine that has Node 18 and nothing else: finds or fetches the pinned
 * Bun, installs dependencies when the lock file changed, and hands over. Plain JavaScript without imports of ours,
 * because it runs before anything is installed.
 */
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = join(dirname(fileURLToPath(import.meta.url)), "..");
const CACHE = join(ROOT, ".cache");
const { devDependencies } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
const VERSION = devDependencies.bun;

/** Each task is a list of commands, run in turn until one fails; arguments go to the last. */
const TASKS = {
  start: [["src/main.ts", "demo"]],
  test: [["scripts/test.ts"]],
  dev: [["--watch", "src/main.ts", "serve", "--data-dir", ".polaris/server"]],
  check: [
    ["x", "tsc", "--noEmit"],
    ["x", "biome", "check", "--error-on-warnings"],
  ],
  build: [["scripts/build.ts"]],
  bench: [["test/bench/run.ts"]],
  perf: [["test/audits/perf.ts"]],
  seo: [["test/audits/seo.ts"]],
  demo: [["src/main.ts", "demo"]],
  migration: [["scripts/migration.ts"]],
  release: [["scripts/release.ts"]],
  screens: [["scripts/screens.ts"]],
};

const [task = "", ...args] = process.argv.slice(2);
if (!Object.hasOwn(TASKS, task))
  fail(`Usage: node scripts/run.mjs ${Object.keys(TASKS).join("|")}`, 2);
const bun = findBun() ?? (await fetchBun());
await install(bun);
for (const [index, command] of TASKS[task].entries()) {
  const isLast = index === TASKS[task].length - 1;
  const code = await hand(bun, isLast ? [...command, ...args] : command);
  if (code !== 0) process.exit(code);
}

/** Ourselves, the project's own, the one fetched earlier, or one on the PATH: whichever is of the pinned version. */
function findBun() {
  if (process.versions.bun === VERSION) return process.execPath;
  const packaged = [join(ROOT, "node_modules"), join(CACHE, "bun/node_modules")].flatMap(binaries);
  const path = (process.env.PATH ?? "").split(delimiter).map((folder) => join(folder, "bun"));
  return [...packaged, ...path].find((file) => existsSync(file) && isPinned(file));
}

/**
 * The install script of Bun's npm package moves the platform's binary to `bun/bin/bun.exe`. npm 11 may not run it:
 * then the binary is still in its own package.
 */
function binaries(modules) {
  const folder = join(modules, "@oven");
  const names = existsSync(folder) ? readdirSync(folder) : [];
  // Plain ones before -baseline and -musl: the first that starts is the right one for this processor and system.
  const ordered = names
    .filter((name) => name.startsWith("bun-"))
    .sort((a, b) => a.length - b.length);
  const own = ordered.map((name) => join(folder, name, "bin", "bun"));
  return [join(modules, "bun/bin/bun.exe"), ...own];
}

function isPinned(file) {
  try {
    chmodSync(file, 0o755);
  } catch {
    // Not ours to change; then it is executable already or of no use.
  }
  const { status, stdout } = spawnSync(file, ["--version"], { encoding: "utf8" });
  return status === 0 && stdout.trim() === VERSION;
}

async function fetchBun() {
  const folder = join(CACHE, "bun");
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "package.json"), '{"private":true}\n');
  const options = ["--no-save", "--no-audit", "--no-fund", "--prefix", folder];
  const command = ["install", ...options, `bun@${VERSION}`];
  const code = await told(`Fetching Bun ${VERSION}`, "npm", command, { cwd: folder });
  const found = findBun();
  if (found) return found;
  fail(
    code === 0
      ? `Bun ${VERSION} does not run on ${process.platform}-${process.arch}.`
      : `Bun ${VERSION} could not be fetched: it needs npm and a connection to its registry, once.`,
  );
}

/** Only when the lock file, Bun or the platform changed since the last time: nothing to wait for, nothing to fetch. */
async function install(bun) {
  const stamp = join(ROOT, "node_modules/.polaris-stamp");
  const lock = readFileSync(join(ROOT, "bun.lock"));
  const content = createHash("sha256")
    .update(lock)
    .update(`${VERSION} ${process.platform} ${process.arch}`)
    .digest("hex");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === content) return;
  const code = await told("Installing dependencies", bun, ["install", "--frozen-lockfile"], {
    cwd: ROOT,
  });
  if (code !== 0) fail("The dependencies could not be installed.");
  writeFileSync(`${stamp}.tmp`, content);
  renameSync(`${stamp}.tmp`, stamp);
}

/** Runs something whose output matters only when it fails; says what is going on once that takes a second. */
async function told(what, file, args, options) {
  const slow = setTimeout(() => console.error(`${what} …`), 1_000);
  const env = withHome();
  const child = spawn(file, args, { ...options, env, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text) => {
      output += text;
    });
  }
  const code = await new Promise((resolve) => {
    child.on("error", (error) => {
      output += `${error.message}\n`;
      resolve(1);
    });
    child.on("close", resolve);
  });
  clearTimeout(slow);
  if (code !== 0) process.stderr.write(output);
  return code;
}

/** npm and Bun want a writable home for their caches; a system user's may be missing or read-only. */
function withHome() {
  const home = process.env.HOME ?? "";
  if (home && isWritable(home)) return process.env;
  const folder = isWritable(CACHE) ? join(CACHE, "home") : join(tmpdir(), "polaris-home");
  mkdirSync(folder, { recursive: true });
  const env = { ...process.env, npm_config_cache: join(folder, "npm") };
  return { ...env, BUN_INSTALL_CACHE_DIR: join(folder, "bun") };
}

function isWritable(folder) {
  const probe = join(folder, `.polaris-${process.pid}`);
  try {
    mkdirSync(probe);
    rmSync(probe, { recursive: true });
    return true;
  } catch {
    return false;
  }
}

/** The terminal sends Ctrl-C to both of us; other signals reach only us and are passed on. */
async function hand(bun, command) {
  const path = [dirname(bun), join(ROOT, "node_modules/.bin"), process.env.PATH].join(delimiter);
  // Before it starts: on a busy machine it may be up, and be asked to stop, before we come to the next line.
  let child;
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
    process.on(signal, () => {
      if (signal !== "SIGINT" || !process.stdin.isTTY) child?.kill(signal);
    });
  }
  child = spawn(bun, command, {
    cwd: ROOT,
    stdio: "inherit",
    env: { ...process.env, PATH: path },
  });
  return await new Promise((resolve) => {
    child.on("error", (error) => fail(error.message));
    child.on("close", (code, signal) => resolve(code ?? 128 + (signal === "SIGINT" ? 2 : 15)));
  });
}

function fail(message, code = 1) {
  console.error(message);
  process.exit(code);
}
