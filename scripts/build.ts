/** `npm run build [--target <name>|all]`: the whole of Polaris as one executable, dist/polaris-<target>. */
import { mkdirSync, mkdtempSync, renameSync, rmSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { pack } from "./archive.ts";
import { archiveModule, assetsModule, replace } from "./embed.ts";
import { demand } from "./platform.ts";
import { ROOT } from "./root.ts";
import { fetchParts, isHost, TARGETS, type Target } from "./targets.ts";

const { values } = parseArgs({
  options: { target: { type: "string" }, outfile: { type: "string" } },
});
const wanted = values.target ?? TARGETS.find(isHost) ?? "";
const targets = wanted === "all" ? TARGETS : TARGETS.filter((target) => target === wanted);
if (targets.length === 0) {
  console.error(`Usage: npm run build -- --target ${TARGETS.join("|")}|all`);
  process.exit(2);
}
const assets = await assetsModule();
for (const target of targets) {
  const startedAt = performance.now();
  const outfile = values.outfile ?? join(ROOT, "dist", `polaris-${target}`);
  mkdirSync(dirname(outfile), { recursive: true });
  await build(target, outfile);
  const megabytes = (statSync(outfile).size / 1e6).toFixed(1);
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  console.log(`${outfile}  ${megabytes} MB  ${seconds} s`);
}

/**
 * Splitting keeps `polaris --version` from reading the server (8 against 29 ms), bytecode from parsing it (129 ms).
 * Nothing of the directory it is started in may steer it: no .env, no bunfig.toml.
 */
async function build(target: Target, outfile: string): Promise<void> {
  const parts = fetchParts(target);
  await demand(target, join(parts.postgresql, "bin/postgres"));
  const { plugin, missed } = replace({
    "db/archive.ts": archiveModule(await pack(target, parts.postgresql)),
    "web/embedded.ts": assets,
  });
  // Its name goes into the executable: always the same one, so that the same source makes the same bytes.
  const folder = mkdtempSync(`${outfile}.new-`);
  const half = join(folder, "polaris");
  const { success, logs } = await Bun.build({
    entrypoints: [join(ROOT, "src/main.ts")],
    plugins: [plugin],
    format: "esm",
    minify: true,
    splitting: true,
    bytecode: true,
    define: {
      "process.env.NODE_ENV": '"production"',
      // What a released build trusts and where it looks; empty in any other, which then asks nobody.
      ...baked("POLARIS_RELEASE_KEY", "POLARIS_BUILT_RELEASE_KEY"),
      ...baked("POLARIS_RELEASES_URL", "POLARIS_BUILT_RELEASES_URL"),
    },
    compile: {
      target: `bun-${target}`,
      executablePath: parts.bun,
      outfile: half,
      autoloadDotenv: false,
      autoloadBunfig: false,
    },
  });
  for (const log of logs) console.error(String(log));
  if (!success) throw new Error(`the build for ${target} failed`);
  if (missed().length > 0) throw new Error(`nothing imports src/${missed().join(", src/")}`);
  await demand(target, half);
  renameSync(half, outfile);
  rmSync(folder, { recursive: true });
}

function baked(setting: string, name: string): Record<string, string> {
  return { [`process.env.${name}`]: JSON.stringify(process.env[setting] ?? "") };
}
