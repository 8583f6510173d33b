import { expect, test } from "bun:test";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import pkg from "../../package.json" with { type: "json" };
import { makeKeys } from "../../scripts/sign.ts";
import { findTool } from "../../scripts/tool.ts";
import { verified } from "../../src/lib/minisign.ts";
import { Manifest } from "../../src/machine/manifest.ts";
import { temporary } from "../helpers/temp.ts";

const ROOT = join(import.meta.dir, "../..");
const TARGET = `${process.platform}-${process.arch}`;

const Bill = z.object({
  bomFormat: z.literal("CycloneDX"),
  components: z.array(
    z.object({
      name: z.string(),
      version: z.string(),
      purl: z.string(),
      licenses: z.array(z.unknown()).min(1),
    }),
  ),
});

test("I4: a release is signed, says what is in it, installs, and is the same bytes when made again", async () => {
  await using folder = temporary();
  const keys = makeKeys();
  const make = (name: string) => {
    const out = join(folder.path, name);
    const args = ["--target", TARGET, "--out", out, "--at", "1700000000"];
    const { exitCode, stderr } = Bun.spawnSync([process.execPath, "scripts/release.ts", ...args], {
      cwd: ROOT,
      env: { ...process.env, POLARIS_RELEASE_SECRET_KEY: keys.secretKey },
      stdout: "ignore",
    });
    if (exitCode !== 0) throw new Error(String(stderr));
    return out;
  };
  const out = make("first");
  const read = (name: string) => readFileSync(join(out, name));
  const text = (name: string) => read(name).toString();
  const sum = (bytes: Uint8Array) => new Bun.CryptoHasher("sha256").update(bytes).digest("hex");

  for (const name of ["manifest.json", "SHA256SUMS"]) {
    expect(verified(read(name), text(`${name}.minisig`), keys.publicKey)).toContain(name);
  }
  const { version, targets } = Manifest.parse(JSON.parse(text("manifest.json")));
  expect(version).toBe(pkg.version);
  expect(targets[TARGET]?.sha256).toBe(sum(read(`polaris-${TARGET}`)));
  for (const line of text("SHA256SUMS").trim().split("\n")) {
    const [sha256, name = ""] = line.split("  ");
    expect(sha256).toBe(sum(read(name)));
  }
  const bill = Bill.parse(JSON.parse(text("bom.cdx.json")));
  for (const [name, of] of Object.entries(pkg.dependencies)) {
    expect(bill.components).toContainEqual(expect.objectContaining({ name, version: of }));
    expect(text("THIRD-PARTY.txt")).toContain(`${name} ${of} (`);
  }

  // The installer that comes with it knows the key and takes no other.
  const home = join(folder.path, "home");
  const install = (env: Record<string, string>) =>
    Bun.spawnSync(["sh", join(out, "install.sh"), "--prefix", home], {
      env: { PATH: process.env.PATH ?? "", POLARIS_RELEASES_URL: out, ...env },
    });
  expect(String(install({ POLARIS_RELEASE_KEY: makeKeys().publicKey }).stderr)).toContain(
    `installed polaris ${version}`,
  );
  expect(statSync(join(home, "bin/polaris")).mode & 0o111).not.toBe(0);

  const again = make("second");
  for (const name of readdirSync(out)) {
    const path = join(again, name);
    if (statSync(path).isFile())
      expect([name, sum(readFileSync(path))]).toEqual([name, sum(read(name))]);
  }
}, 180_000);

const minisign = findTool("minisign", ["minisign", "libsodium23"]);

test.skipIf(!minisign)("I4: minisign itself finds our signature good", async () => {
  await using folder = temporary();
  const { signer } = await import("../../scripts/sign.ts");
  const { publicKey, secretKey } = makeKeys();
  const file = join(folder.path, "file");
  await Bun.write(file, "words");
  await Bun.write(`${file}.minisig`, signer(secretKey).sign("words", "comment"));
  const { command = "", env = {} } = minisign ?? {};
  const check = (key: string) => Bun.spawnSync([command, "-Vm", file, "-P", key], { env }).exitCode;
  expect(check(publicKey)).toBe(0);
  expect(check(makeKeys().publicKey)).not.toBe(0);
});
