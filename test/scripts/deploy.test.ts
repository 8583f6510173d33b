import { expect, test } from "bun:test";
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeKey } from "../helpers/release.ts";
import { temporary } from "../helpers/temp.ts";

const ROOT = join(import.meta.dir, "../..");
const KEY = makeKey();

/** A program that answers as Polaris does, and writes down what was asked of it. */
const program = (version: string, log: string) => `#!/bin/sh
echo "${version} $*" >> ${log}
case "$1" in --version) echo ${version} ;; migrate) echo '{"missing":[]}' ;; esac
`;

/** A server with 1.0.0, a release of 2.0.0, and what answers on the health address. */
async function world(folder: string, isReady: (version: string) => boolean) {
  const [bin, log, releases] = [join(folder, "bin"), join(folder, "log"), join(folder, "releases")];
  mkdirSync(bin);
  mkdirSync(join(releases, "v2.0.0"), { recursive: true });
  writeFileSync(join(bin, "polaris"), program("1.0.0", log), { mode: 0o755 });
  const bytes = Bun.gzipSync(await new Bun.Archive({ polaris: program("2.0.0", log) }).bytes());
  const name = `polaris-${process.platform}-${process.arch}.tar.gz`;
  const sum = new Bun.CryptoHasher("sha256").update(bytes).digest("hex");
  const sums = `${sum}  ${name}\n`;
  const at = (file: string) => join(releases, "v2.0.0", file);
  writeFileSync(at(name), bytes);
  writeFileSync(at("SHA256SUMS"), sums);
  writeFileSync(at("SHA256SUMS.minisig"), KEY.sign(sums));
  writeFileSync(at("install.sh"), readFileSync(join(ROOT, "install.sh")));
  const running = join(folder, "running");
  writeFileSync(running, "1.0.0");
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch() {
      const version = readFileSync(running, "utf8").trim();
      return Response.json({ ready: isReady(version), version });
    },
  });
  const deploy = async () => {
    const child = Bun.spawn(["sh", join(ROOT, "scripts/deploy.sh"), "2.0.0"], {
      env: {
        PATH: process.env.PATH,
        HOME: folder,
        POLARIS_RELEASES_URL: releases,
        POLARIS_RELEASE_KEY: KEY.publicKey,
        POLARIS_BIN_DIR: bin,
        POLARIS_DATA_DIR: join(folder, "data"),
        POLARIS_RESTART: `${join(bin, "polaris")} --version > ${running}`,
        POLARIS_HEALTH: String(server.url),
        POLARIS_WAIT: "3",
      },
      stderr: "pipe",
    });
    const words = await new Response(child.stderr).text();
    return { code: await child.exited, words };
  };
  const version = () => String(Bun.spawnSync([join(bin, "polaris"), "--version"]).stdout).trim();
  chmodSync(bin, 0o755);
  return { deploy, version, log: () => readFileSync(log, "utf8"), server, releases };
}

test("I4: a deploy backs up, puts the release in place and waits until it is ready", async () => {
  await using folder = temporary();
  const { deploy, version, log, server } = await world(folder.path, () => true);
  const { code, words } = await deploy();
  expect(words).toContain("2.0.0 is ready");
  expect(code).toBe(0);
  expect(version()).toBe("2.0.0");
  expect(log()).toContain("1.0.0 backup");
  await server.stop(true);
});

test("I4: a release that does not become ready is taken back", async () => {
  await using folder = temporary();
  const { deploy, version, server } = await world(folder.path, (running) => running === "1.0.0");
  const { code, words } = await deploy();
  expect(words).toContain("1.0.0 is ready again");
  expect(code).toBe(1);
  expect(version()).toBe("1.0.0");
  await server.stop(true);
}, 30_000);

test("I4: a release with a wrong signature is not deployed, and nothing stops meanwhile", async () => {
  await using folder = temporary();
  const { deploy, version, log, releases, server } = await world(folder.path, () => true);
  writeFileSync(join(releases, "v2.0.0/SHA256SUMS.minisig"), makeKey().sign("other"));
  const { code, words } = await deploy();
  expect(words).toContain("not signed");
  expect(code).toBe(1);
  expect(version()).toBe("1.0.0");
  expect(log()).not.toContain("backup");
  expect(existsSync(join(folder.path, "bin/polaris.before"))).toBe(false);
  await server.stop(true);
});
