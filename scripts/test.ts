/**
 * `npm test [files or options of bun test]`: fetches what only tests need, runs them, and ends with one line,
 * `N passed, N failed`. What could not be fetched is said, and the tests that need it are skipped with that reason.
 * A test that fails is tried once more; one that passes only then is named before the last line, as `unsteady`.
 */
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { startForAll } from "../test/helpers/postgres.ts";
import { findChromium } from "./chromium.ts";
import { findClaude } from "./claude.ts";
import { claimMemory } from "./memory.ts";
import { ROOT } from "./root.ts";

const LIMIT_MS = 14 * 60_000;

const memory = claimMemory();
if (memory) process.env.TMPDIR = memory;
const [chromium, claude, postgres] = await Promise.allSettled([
  findChromium(),
  findClaude(),
  startForAll(),
]);
const env = {
  ...process.env,
  // Without it each file starts its own, and says why it cannot.
  ...(postgres.status === "fulfilled" ? postgres.value.env : {}),
  ...found("CHROMIUM", "Chromium", chromium),
  ...found("CLAUDE", "Claude Code", claude),
};
const folder = join(ROOT, ".cache/tests");
mkdirSync(folder, { recursive: true });
const report = join(folder, `report-${process.pid}.xml`);
// Tests wait more than they compute: with three workers on two cores, a third of the time was idle.
const workers = Math.min(4, availableParallelism() + 2);
const options = [
  `--parallel=${workers}`,
  "--timeout=30000",
  // Real processes are killed, and real browsers driven, on machines that others load.
  "--retry=1",
  "--reporter=junit",
  `--reporter-outfile=${report}`,
];
const child = Bun.spawn([process.execPath, "test", ...options, ...process.argv.slice(2)], {
  cwd: ROOT,
  env,
  stdio: ["ignore", "inherit", "pipe"],
});
const unsteady: string[] = [];
const printed = print(child.stderr);
process.on("SIGTERM", () => child.kill("SIGTERM"));
process.on("SIGINT", () => {});
const limit = setTimeout(() => {
  console.error(`the tests took longer than ${LIMIT_MS / 60_000} minutes`);
  child.kill("SIGKILL");
}, LIMIT_MS);
const code = await child.exited;
clearTimeout(limit);
await printed;
if (postgres.status === "fulfilled") await postgres.value[Symbol.asyncDispose]();
if (memory) rmSync(memory, { recursive: true, force: true });
process.exit(summarise(code));

/** What the tests read: the program's path, or the reason why there is none. */
function found(name: string, title: string, result: PromiseSettledResult<string>) {
  if (result.status === "fulfilled") return { [`POLARIS_TEST_${name}`]: result.value };
  const reason = result.reason instanceof Error ? result.reason.message : String(result.reason);
  const line = `no ${title}: ${reason.split("\n")[0]}`;
  console.error(`${line}; the tests that need it are skipped`);
  return { [`POLARIS_TEST_${name}`]: undefined, [`POLARIS_TEST_NO_${name}`]: line };
}

/** Passes on what is printed, and keeps the names of tests that passed at a later try. */
async function print(stream: ReadableStream<Uint8Array>): Promise<void> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of stream) {
    process.stderr.write(chunk);
    const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      const [, name] = /\(pass\) (.*) \(attempt \d+\)/.exec(Bun.stripANSI(line)) ?? [];
      if (name) unsteady.push(name);
    }
  }
}

/** A run that ended without a report, or badly with a good one (a leak, a crash), is one failure more. */
function summarise(code: number): number {
  let [passed, failed, skipped] = [0, 0, 0];
  try {
    const xml = readFileSync(report, "utf8");
    const count = (name: string) => Number(new RegExp(`${name}="(\\d+)"`).exec(xml)?.[1] ?? 0);
    failed = count("failures");
    skipped = count("skipped");
    passed = count("tests") - failed - skipped;
    for (const [, name = ""] of xml.matchAll(/<testcase name="([^"]*)"[^>]*>\s*<skipped/g)) {
      console.log(`skipped: ${name.replaceAll("&quot;", '"').replaceAll("&amp;", "&")}`);
    }
    rmSync(report);
  } catch {
    console.error("bun test ended without a report");
  }
  if (code !== 0 && failed === 0) failed = 1;
  for (const name of unsteady) console.log(`unsteady: ${name} (failed, then passed)`);
  console.log(`${passed} passed, ${failed} failed${skipped ? `, ${skipped} skipped` : ""}`);
  return failed > 0 ? 1 : 0;
}
