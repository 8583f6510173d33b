/** `npm run bench [name …] [--quick] [--json FILE]`: one table, every floor taken in the same run. */
import { mkdirSync } from "node:fs";
import { cpus, loadavg } from "node:os";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { ROOT } from "../../scripts/root.ts";
import { advice } from "./advice.ts";
import { chain } from "./chain.ts";
import { claude } from "./claude.ts";
import { crowd } from "./crowd.ts";
import { ingest } from "./ingest.ts";
import { journal } from "./journal.ts";
import type { Bench, Result } from "./lib.ts";
import { live } from "./live.ts";
import { memory } from "./memory.ts";
import { programs } from "./programs.ts";
import { redact } from "./redact.ts";
import { search } from "./search.ts";
import { slack } from "./slack.ts";
import { start } from "./start.ts";
import { storage } from "./storage.ts";
import { storm } from "./storm.ts";
import { table } from "./table.ts";

const BENCHES: Bench[] = [
  claude,
  start,
  storm,
  journal,
  redact,
  chain,
  ingest,
  live,
  memory,
  storage,
  search,
  advice,
  crowd,
  slack,
];

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { quick: { type: "boolean", default: false }, json: { type: "string" } },
});
const wanted = BENCHES.filter(({ name }) => positionals.length === 0 || positionals.includes(name));
if (wanted.length === 0 || positionals.some((name) => !BENCHES.some((it) => it.name === name))) {
  console.error(`Usage: npm run bench [name …] [--quick] [--json FILE]\n`);
  for (const { name, about } of BENCHES) console.error(`  ${name.padEnd(10)} ${about}`);
  process.exit(2);
}

const startedAt = new Date();
const load = () =>
  loadavg()
    .map((one) => one.toFixed(2))
    .join(" ");
const cpu = `${cpus().length} × ${cpus()[0]?.model}`;
console.log(`${startedAt.toISOString()}  Bun ${Bun.version}  ${cpu}  load ${load()}\n`);
const size = { quick: values.quick, ...(await programs()) };
const results: Result[] = [];
for (const { name, run } of wanted) {
  const began = performance.now();
  try {
    results.push(...(await run(size)));
  } catch (error) {
    results.push({
      name,
      skipped: `failed: ${error instanceof Error ? error.stack : String(error)}`,
    });
    process.exitCode = 1;
  }
  process.stderr.write(`  ${name}: ${((performance.now() - began) / 1000).toFixed(1)} s\n`);
}
console.log(
  `\n${table(results)}\n\nload at the end ${load()}${size.quick ? "; quick: these figures do not count" : ""}`,
);

const stamp = startedAt.toISOString().replaceAll(/[:.]/g, "-");
const file = values.json ?? join(ROOT, "test/bench/results", `${stamp}.json`);
mkdirSync(dirname(file), { recursive: true });
await Bun.write(
  file,
  `${JSON.stringify({ startedAt, bun: Bun.version, cpu, quick: size.quick, results }, null, 2)}\n`,
);
if (results.some((result) => "pass" in result && !result.pass)) process.exitCode = 1;
