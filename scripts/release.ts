/**
 * `npm run release [-- --target <name>|all] [--out DIR]`: a release directory, ready to be served as it is:
 * the executables (for `polaris update`), archives (for install.sh), a manifest and checksums, both signed, the bill of
 * materials, others' licences, this version's part of the changelog, and install.sh with the key written into it.
 *
 * POLARIS_RELEASE_SECRET_KEY signs (`npm run release -- --make-key` makes one); POLARIS_RELEASES_URL is baked in.
 */
import { createHash } from "node:crypto";
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import pkg from "../package.json" with { type: "json" };
import { bill, licences } from "./bill.ts";
import { parts } from "./parts.ts";
import { ROOT } from "./root.ts";
import { makeKeys, signer } from "./sign.ts";
import { tar } from "./tar.ts";
import { TARGETS, type Target } from "./targets.ts";

const { values } = parseArgs({
  options: {
    target: { type: "string", default: "all" },
    out: { type: "string", default: join(ROOT, "dist/release") },
    "make-key": { type: "boolean", default: false },
    // When the release was made; the same time makes the same files.
    at: { type: "string", default: process.env.SOURCE_DATE_EPOCH ?? "" },
  },
});
if (values["make-key"]) {
  const { publicKey, secretKey } = makeKeys();
  console.log(`POLARIS_RELEASE_KEY=${publicKey}\nPOLARIS_RELEASE_SECRET_KEY=${secretKey}`);
  process.exit(0);
}
const secret = process.env.POLARIS_RELEASE_SECRET_KEY;
if (!secret) {
  console.error("POLARIS_RELEASE_SECRET_KEY is not set; npm run release -- --make-key makes one.");
  process.exit(2);
}
const key = signer(secret);
const targets = TARGETS.filter((target) => values.target === "all" || values.target === target);
const out = resolve(values.out);
rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });
const releasedAt = values.at ? new Date(Number(values.at) * 1000) : new Date();

const all = parts();
const texts = {
  "bom.cdx.json": bill(all),
  "THIRD-PARTY.txt": licences(all),
  "NOTES.md": notes(),
  "install.sh": installer(),
};
for (const [name, text] of Object.entries(texts)) writeFileSync(join(out, name), text);
for (const target of targets) await make(target);
sums();
manifest();
// The newest is at the top, each version also below its own name: install.sh --version looks there.
cpSync(out, join(`${out}.version`), { recursive: true });
cpSync(`${out}.version`, join(out, `v${pkg.version}`), { recursive: true });
rmSync(`${out}.version`, { recursive: true });
console.log(`${out}: Polaris ${pkg.version} for ${targets.join(", ")}`);

async function make(target: Target): Promise<void> {
  const file = join(out, `polaris-${target}`);
  const build = Bun.spawnSync(
    [process.execPath, join(ROOT, "scripts/build.ts"), "--target", target, "--outfile", file],
    {
      env: { ...process.env, POLARIS_RELEASE_KEY: key.publicKey },
      stdio: ["ignore", "inherit", "inherit"],
    },
  );
  if (build.exitCode !== 0) throw new Error(`the build for ${target} failed`);
  writeFileSync(`${file}.tar.gz`, tarball(readFileSync(file)));
}

/** What install.sh unpacks. */
function tarball(polaris: Uint8Array): Uint8Array {
  const LICENSE = readFileSync(join(ROOT, "LICENSE"));
  const others = Buffer.from(texts["THIRD-PARTY.txt"]);
  const files = { polaris, LICENSE, "THIRD-PARTY.txt": others };
  return Bun.gzipSync(tar(files, ["polaris"]), { level: 9 });
}

function sha256(name: string): string {
  return createHash("sha256")
    .update(readFileSync(join(out, name)))
    .digest("hex");
}

function sums(): void {
  const names = targets.flatMap((target) => [`polaris-${target}`, `polaris-${target}.tar.gz`]);
  const lines = [...names, ...Object.keys(texts)]
    .sort()
    .map((name) => `${sha256(name)}  ${name}\n`);
  signed("SHA256SUMS", lines.join(""));
}

function manifest(): void {
  const list = targets.map((target) => {
    const file = `polaris-${target}`;
    return [
      target,
      { file, size: readFileSync(join(out, file)).length, sha256: sha256(file) },
    ] as const;
  });
  const { version } = pkg;
  const content = {
    version,
    releasedAt: releasedAt.toISOString(),
    notes: texts["NOTES.md"].slice(0, 10_000),
    targets: Object.fromEntries(list),
  };
  signed("manifest.json", `${JSON.stringify(content, null, 2)}\n`);
}

function signed(name: string, text: string): void {
  writeFileSync(join(out, name), text);
  writeFileSync(join(out, `${name}.minisig`), key.sign(text, `polaris ${pkg.version} ${name}`));
}

/** This version's part of the changelog; before it has one, what is collected for the next. */
function notes(): string {
  const text = readFileSync(join(ROOT, "CHANGELOG.md"), "utf8");
  const chapters = text.split(/^## /m).slice(1);
  const found = chapters.find((it) => it.startsWith(`[${pkg.version}]`)) ?? chapters[0] ?? "";
  return `${found.split("\n").slice(1).join("\n").trim()}\n`;
}

function installer(): string {
  const baked = {
    RELEASES_URL: process.env.POLARIS_RELEASES_URL ?? "",
    RELEASE_KEY: key.publicKey,
  };
  let text = readFileSync(join(ROOT, "install.sh"), "utf8");
  for (const [name, value] of Object.entries(baked)) {
    if (!/^[\w:/.+=@~-]*$/.test(value))
      throw new Error(`${value} cannot be written into install.sh`);
    text = text.replace(`\n${name}=""\n`, `\n${name}="${value}"\n`);
  }
  return text;
}
