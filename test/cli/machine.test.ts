import { expect, test } from "bun:test";
import { mkdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { lock } from "../../src/daemon/lock.ts";
import { makeWorld, type World } from "../daemon/world.ts";

const MAIN = join(import.meta.dir, "../../src/main.ts");

/** `polaris …` as a person runs it, in a home of its own. */
async function polaris(world: World, ...args: string[]) {
  const child = Bun.spawn([process.execPath, MAIN, ...args], {
    cwd: world.work,
    stdout: "pipe",
    stderr: "pipe",
    env: { PATH: process.env.PATH, HOME: world.folder, POLARIS_HOME: world.place.home },
  });
  const [out, err, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  return { out: out.trim(), err: err.trim(), code };
}

async function daemon(world: World) {
  const child = Bun.spawn([process.execPath, MAIN, "daemon", "--json"], {
    stdout: "pipe",
    stderr: "ignore",
    env: { PATH: process.env.PATH, HOME: world.folder, POLARIS_HOME: world.place.home },
  });
  const { value } = await child.stdout.getReader().read();
  const ready: unknown = JSON.parse(new TextDecoder().decode(value));
  expect(ready).toEqual({ ready: true, socket: world.place.socket, pid: child.pid });
  return {
    async [Symbol.asyncDispose]() {
      child.kill("SIGTERM");
      expect(await child.exited).toBe(0);
    },
  };
}

test("G3: the recorder is started once, asked for its state, given a link and a login", async () => {
  await using world = makeWorld({ signedIn: false });
  expect(await polaris(world, "status")).toMatchObject({
    code: 4,
    err: expect.stringContaining("polaris daemon"),
  });
  await using _daemon = await daemon(world);
  expect(await polaris(world, "daemon")).toMatchObject({
    code: 1,
    err: expect.stringContaining("already runs (pid "),
  });
  expect((await polaris(world, "link", "site")).out).toContain(world.work);
  expect((await polaris(world, "status")).out).toContain(`${world.work} -> site`);
  expect(
    (await polaris(world, "join", "site", "--agent-session", "x", "--agent", "none")).code,
  ).toBe(1);
  expect(JSON.parse((await polaris(world, "leave", "--agent-session", "x", "--json")).out)).toEqual(
    { left: false },
  );
  expect((await polaris(world, "unlink")).out).toContain("no longer linked");
  const status = JSON.parse((await polaris(world, "status", "--json")).out);
  expect(status).toMatchObject({ links: [], bindings: [], server: { state: "signed_out" } });
});

test("G7: while the recorder does not run, status tells who is signed in and what waits", async () => {
  await using world = makeWorld();
  mkdirSync(world.place.spool, { recursive: true });
  writeFileSync(join(world.place.spool, "one.json"), "{}");
  const said = await polaris(world, "status");
  expect(said.code).toBe(4);
  expect(said.out).toContain("not running");
  expect(said.out).toContain(`${world.server.url}: signed in as user:manu default`);
  expect(said.out).toContain("1 waiting for the recorder");
  expect(said.out).not.toContain("good");
  expect(JSON.parse((await polaris(world, "status", "--json")).out)).toMatchObject({
    ...{ running: false, hangs: false, spool: 1 },
    profiles: [{ name: "default", url: world.server.url, isCurrent: true, error: null }],
  });
  await using nobody = makeWorld({ signedIn: false });
  expect((await polaris(nobody, "status")).out).toContain("nobody is signed in");
  using _held = lock(world.place);
  expect((await polaris(world, "status")).out).toContain("runs and does not answer");
});

test("F2: login asks the server who one is and keeps the token where only its owner reads it", async () => {
  await using world = makeWorld({ signedIn: false });
  const wrong = await polaris(world, "login", "--url", world.server.url, "--token", "bad");
  expect(wrong.code).toBe(3);
  const done = await polaris(
    world,
    "login",
    "--url",
    world.server.url,
    "--token",
    "good",
    "--json",
  );
  const told = { url: world.server.url, participant: "user:manu", org: "test" };
  expect(JSON.parse(done.out)).toEqual({ profile: "local", ...told });
  expect(statSync(world.place.credentials).mode & 0o777).toBe(0o600);
  expect(await Bun.file(world.place.credentials).json()).toMatchObject({
    current: "local",
    profiles: { local: told },
  });
  expect((await polaris(world, "login", "--url", "http://127.0.0.1:1", "--token", "x")).code).toBe(
    4,
  );
});

test.each(["daemon", "join", "leave", "link", "unlink", "status", "login"])(
  "polaris %s --help tells how, with examples",
  async (command) => {
    await using world = makeWorld();
    const { out, code } = await polaris(world, command, "--help");
    expect(code).toBe(0);
    expect(out).toContain(`Usage: polaris ${command}`);
    expect(out).toContain("Examples:");
  },
);
