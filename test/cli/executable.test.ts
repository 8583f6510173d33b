import { beforeAll, expect, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import pkg from "../../package.json" with { type: "json" };
import { until } from "../../src/lib/until.ts";
import { executable } from "../helpers/executable.ts";
import { temporary } from "../helpers/temp.ts";

let polaris = "";
beforeAll(async () => {
  polaris = await executable();
}, 240_000);

/** In an empty directory with an empty environment: nothing of this machine may be needed. */
async function run(...args: string[]) {
  await using folder = temporary();
  const here = join(folder.path, "empty");
  mkdirSync(here);
  const child = Bun.spawnSync([polaris, ...args], { cwd: here, env: {} });
  const left = readdirSync(here);
  return { code: child.exitCode, out: `${child.stdout}`, err: `${child.stderr}`, left };
}

test("I1: the executable alone says its version", async () => {
  expect(await run("--version")).toEqual({ code: 0, out: `${pkg.version}\n`, err: "", left: [] });
});

test("I1: the executable alone says what it can do", async () => {
  const { code, out, err } = await run("--help");
  expect({ code, err }).toEqual({ code: 0, err: "" });
  expect(out).toContain("serve");
  const command = await run("migrate", "--help");
  expect({ code: command.code, err: command.err }).toEqual({ code: 0, err: "" });
  expect(command.out).toContain("Usage: polaris migrate");
});

test("I1: an unknown command is one line and exit code 2", async () => {
  const { code, out, err } = await run("sevre");
  expect({ code, out }).toEqual({ code: 2, out: "" });
  expect(err).toBe('polaris: There is no command "sevre". — See polaris --help.\n');
});

test("I2: the executable alone brings its own PostgreSQL", async () => {
  await using folder = temporary();
  const dataDir = join(folder.path, "server");
  for (const _ of ["first start", "second start"]) {
    const child = Bun.spawnSync([polaris, "migrate", "--json"], {
      cwd: folder.path,
      env: { POLARIS_DATA_DIR: dataDir },
      timeout: 60_000,
    });
    expect({ code: child.exitCode, err: `${child.stderr}` }).toMatchObject({ code: 0 });
    expect(JSON.parse(`${child.stdout}`)).toMatchObject({ database: "embedded" });
  }
  expect(readdirSync(dataDir).some((name) => name.startsWith("postgresql-"))).toBe(true);
}, 90_000);

// promise: one-executable
test("I1: the executable alone, in an empty directory with an empty environment, records and shows a session", async () => {
  await using folder = temporary();
  const here = join(folder.path, "empty");
  mkdirSync(here);
  const child = Bun.spawn([polaris, "demo", "--fast", "--port", "0"], {
    cwd: here,
    env: {},
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  let said = "";
  const reading = (async () => {
    for await (const part of child.stdout.pipeThrough(new TextDecoderStream())) said += part;
  })();
  try {
    const link = await until(() => /http:\S+\/claim\?\S+/.exec(said)?.[0], { timeoutMs: 60_000 });
    const asPerson = { "sec-fetch-mode": "navigate" };
    const signedIn = await fetch(link, { redirect: "manual", headers: asPerson });
    const cookie = signedIn.headers.get("set-cookie")?.split(";")[0] ?? "";
    const page = new URL(signedIn.headers.get("location") ?? "", link);
    const html = await until(async () => {
      const text = await (await fetch(page, { headers: { cookie } })).text();
      return text.includes("Both checks passed.") && text;
    });
    expect(html).toContain("Tell me a story");
    expect(html).toContain("Which colour should the button have?");
  } finally {
    child.kill("SIGINT");
  }
  expect(await child.exited).toBe(0);
  await reading;
  // Nothing of it runs on: PostgreSQL's own note of its process is gone.
  expect(existsSync(join(here, ".polaris/server/cluster/postmaster.pid"))).toBe(false);
}, 90_000);
