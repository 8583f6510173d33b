import { expect, test } from "bun:test";
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import pkg from "../../package.json" with { type: "json" };
import { findTool } from "../../scripts/tool.ts";
import { makeKey } from "../helpers/release.ts";
import { temporary } from "../helpers/temp.ts";

const SCRIPT = join(import.meta.dir, "../../install.sh");
const ROOT = join(import.meta.dir, "../..");
const cloned = Bun.which("git") !== null && existsSync(join(ROOT, ".git"));
const why = cloned ? "" : " (skipped: this is no clone)";
const DEPLOY = join(import.meta.dir, "../../scripts/deploy.sh");
const NAME = `polaris-${process.platform}-${process.arch}`;
const ARCHIVE = `${NAME}.tar.gz`;
const KEY = makeKey();

const sum = (bytes: Uint8Array) => new Bun.CryptoHasher("sha256").update(bytes).digest("hex");

async function archive(version: string): Promise<Uint8Array> {
  const program = `#!/bin/sh\necho ${version}\n`;
  return Bun.gzipSync(await new Bun.Archive({ polaris: program, LICENSE: "words" }).bytes());
}

/** A release of this version, as files. */
async function release(version = "1.2.3") {
  const bytes = await archive(version);
  const sums = `${"0".repeat(64)}  polaris-other.tar.gz\n${sum(bytes)}  ${ARCHIVE}\n`;
  return { [ARCHIVE]: bytes, SHA256SUMS: sums, "SHA256SUMS.minisig": KEY.sign(sums) };
}
type Files = Partial<Record<string, string | Uint8Array>>;

interface Call {
  command?: string[];
  args?: string[];
  env?: Record<string, string | undefined>;
}

/** Runs install.sh against a server that has these files. */
async function install(
  home: string,
  files: Files,
  { command = ["sh", SCRIPT], args = [], env = {} }: Call = {},
) {
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch({ url }) {
      const body = files[new URL(url).pathname.slice(1)];
      return body === undefined
        ? new Response("", { status: 404 })
        : new Response(Buffer.from(body));
    },
  });
  const child = Bun.spawn([...command, ...args], {
    env: {
      PATH: process.env.PATH,
      HOME: home,
      POLARIS_RELEASES_URL: String(server.url),
      POLARIS_RELEASE_KEY: KEY.publicKey,
      POLARIS_BIN_DIR: join(home, ".local/bin"),
      ...env,
    },
    stdout: "ignore",
    stderr: "pipe",
  });
  const words = await new Response(child.stderr).text();
  const code = await child.exited;
  await server.stop(true);
  return { code, words };
}

test("I4: install.sh puts the verified executable into ~/.local/bin", async () => {
  await using home = temporary();
  const { code, words } = await install(home.path, await release());
  expect(words).toContain("installed polaris 1.2.3");
  expect(code).toBe(0);
  expect(Bun.spawnSync([join(home.path, ".local/bin/polaris")]).stdout.toString()).toBe("1.2.3\n");
  expect(readdirSync(join(home.path, ".local/bin"))).toEqual(["polaris"]);
});

const other = makeKey();
const bytesOf = (files: Files) => Buffer.from(files[ARCHIVE] ?? "");
const unlisted = `${"0".repeat(64)}  other\n`;

/** A release that somebody has changed. */
const SPOILED: Record<string, (files: Files) => Promise<Files> | Files> = {
  "a tampered file": (it) => ({ ...it, [ARCHIVE]: Buffer.concat([bytesOf(it), Buffer.from("#")]) }),
  "a truncated file": (it) => ({ ...it, [ARCHIVE]: bytesOf(it).subarray(0, 60) }),
  "another program with a checksum to match": async (it) => {
    const bytes = await archive("6.6.6");
    return { ...it, [ARCHIVE]: bytes, SHA256SUMS: `${sum(bytes)}  ${ARCHIVE}\n` };
  },
  "sums signed by somebody else": (it) => ({
    ...it,
    "SHA256SUMS.minisig": other.sign(String(it.SHA256SUMS)),
  }),
  "a signature that is none": (it) => ({ ...it, "SHA256SUMS.minisig": "untrusted\nAAAA\n" }),
  "a missing signature": (it) => ({ ...it, "SHA256SUMS.minisig": undefined }),
  "a file that is not listed": (it) => ({
    ...it,
    SHA256SUMS: unlisted,
    "SHA256SUMS.minisig": KEY.sign(unlisted),
  }),
  "a file that is missing": (it) => ({ ...it, [ARCHIVE]: undefined }),
  "missing sums": (it) => ({ ...it, SHA256SUMS: undefined }),
};

test.each([
  ["a tampered file", "not the file"],
  ["a truncated file", "not the file"],
  ["another program with a checksum to match", "not signed"],
  ["sums signed by somebody else", "not signed"],
  ["a signature that is none", "not signed"],
  ["a missing signature", "could not fetch"],
  ["a file that is not listed", "does not list"],
  ["a file that is missing", "could not fetch"],
  ["missing sums", "could not fetch"],
])("I4: install.sh installs nothing from %s, and leaves what was there", async (how, why) => {
  await using home = temporary();
  const bin = join(home.path, ".local/bin");
  mkdirSync(bin, { recursive: true });
  writeFileSync(join(bin, "polaris"), "the old one");
  const files = (await SPOILED[how]?.(await release())) ?? {};
  const { code, words } = await install(home.path, files);
  expect(words).toContain(why);
  expect(code).toBe(1);
  expect(readdirSync(bin)).toEqual(["polaris"]);
  expect(readFileSync(join(bin, "polaris"), "utf8")).toBe("the old one");
});

test("I4: install.sh takes a version, a folder and a place of its own, and says when it has no key", async () => {
  await using home = temporary();
  const folder = join(home.path, "releases");
  mkdirSync(join(folder, "v1.0.0"), { recursive: true });
  for (const [name, bytes] of Object.entries(await release("1.0.0"))) {
    writeFileSync(join(folder, "v1.0.0", name), bytes);
  }
  const prefix = join(home.path, "opt");
  const env = { POLARIS_RELEASES_URL: folder, POLARIS_BIN_DIR: undefined };
  const args = ["--version", "1.0.0", "--prefix", prefix];
  expect((await install(home.path, {}, { args, env })).words).toContain("installed polaris 1.0.0");
  rmSync(join(prefix, "bin/polaris"));
  const keyless = { ...env, POLARIS_RELEASE_KEY: undefined };
  expect((await install(home.path, {}, { args, env: keyless })).words).toContain(
    "whom to believe?",
  );
  expect((await install(home.path, {}, { args: [...args, "--unsigned"], env: keyless })).code).toBe(
    0,
  );
  expect(existsSync(join(prefix, "bin/polaris"))).toBe(true);
});

test("I4: install.sh cut short by a broken connection runs nothing", async () => {
  await using home = temporary();
  const text = readFileSync(SCRIPT, "utf8");
  const cut = join(home.path, "cut.sh");
  await Bun.write(cut, text.slice(0, text.lastIndexOf("main")));
  expect(await install(home.path, await release(), { command: ["sh", cut] })).toEqual({
    code: 0,
    words: "",
  });
  expect(existsSync(join(home.path, ".local"))).toBe(false);
});

test.skipIf(!cloned)(
  `I4: install.sh --from-source builds a clone of the project and puts it in place${why}`,
  async () => {
    await using home = temporary();
    const clone = join(home.path, "clone");
    const git = ["git", "clone", "--quiet", "--depth", "1", `file://${ROOT}`, clone];
    expect(Bun.spawnSync(git).exitCode).toBe(0);
    // What was fetched and packed here before need not be again; a build of its own it is all the same.
    for (const part of ["targets", "postgresql", "bun"]) {
      const kept = join(ROOT, ".cache", part);
      if (existsSync(kept)) cpSync(kept, join(clone, ".cache", part), { recursive: true });
    }
    const prefix = join(home.path, "opt");
    const env = { POLARIS_RELEASES_URL: undefined, POLARIS_BIN_DIR: undefined };
    const none = await install(home.path, {}, { args: ["--from-source", home.path], env });
    expect(none.words).toContain("is no clone of the project");
    const args = ["--from-source", clone, "--prefix", prefix];
    const { code, words } = await install(home.path, {}, { args, env });
    expect(words).toContain("installed polaris");
    expect(code).toBe(0);
    expect(readdirSync(join(prefix, "bin"))).toEqual(["polaris"]);
    const said = Bun.spawnSync([join(prefix, "bin/polaris"), "--version"], { env: {} });
    expect(String(said.stdout)).toBe(`${pkg.version}\n`);
  },
  180_000,
);

const shellcheck = findTool("shellcheck", ["shellcheck"]);

test.skipIf(!shellcheck)("I4: shellcheck finds nothing in install.sh and deploy.sh", () => {
  const { command = "", env = {} } = shellcheck ?? {};
  const { exitCode, stdout } = Bun.spawnSync([command, SCRIPT, DEPLOY], { env });
  expect(String(stdout)).toBe("");
  expect(exitCode).toBe(0);
});
