import { expect, test } from "bun:test";
import { mkdirSync, readdirSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { privateFolder, writeAtomic } from "../../src/lib/file.ts";
import { ask } from "../../src/machine/local.ts";
import { makeFolders } from "../../src/machine/paths.ts";
import { hook, line, makeWorld, say, startHere, startProcess, until } from "./world.ts";

test("A8: kill -9 at random moments loses nothing that was answered, doubles nothing, keeps the order", async () => {
  await using world = makeWorld();
  privateFolder(world.place.home);
  const answered: string[] = [];
  const told: string[] = [];
  let going = true;
  let daemon = await startProcess(world);
  await world.link();
  await world.begin();
  const hooks = (async () => {
    for (let i = 0; going; i++) {
      const call = hook({
        session: "one",
        hook: "X",
        transcript: world.transcript(),
        fact: { kind: "notice", text: `h${i}`, release: "now" },
      });
      // As the hook does: again through the spool when nobody answers.
      const ok = await world.post(call).then(
        () => true,
        () => false,
      );
      // Whole or not at all, as the hook does it: a recorder that starts just then would find half a file.
      if (!ok) writeAtomic(join(world.place.spool, `${call.id}.json`), JSON.stringify(call));
      answered.push(`h${i}`);
      await Bun.sleep(1);
    }
  })();
  const transcript = (async () => {
    for (let i = 0; going; i++) {
      say(world.transcript(), line(`t${i}`));
      told.push(`t${i}`);
      await Bun.sleep(2);
    }
  })();
  for (let kill = 0; kill < 8; kill++) {
    await Bun.sleep(100 + Math.random() * 250);
    await daemon.kill();
    daemon = await startProcess(world);
  }
  going = false;
  await Promise.all([hooks, transcript]);
  await using _last = daemon;
  await until(() => world.server.order.length >= answered.length + told.length + 1, {
    timeoutMs: 20_000,
  });
  await world.drained();
  const texts = world.server.texts();
  expect(texts.filter((text) => text?.startsWith("t"))).toEqual(told);
  expect(texts.filter((text) => text?.startsWith("h")).sort()).toEqual(answered.sort());
  expect(world.server.order.map(({ pos }) => pos)).toEqual(texts.map((_, i) => i + 1));
}, 60_000);

test("G3: two daemons cannot run; the second names the first", async () => {
  await using world = makeWorld();
  await using first = await startProcess(world);
  expect(startProcess(world)).rejects.toThrow(`(pid ${first.pid})`);
  await until(async () => (await world.status()).pid === first.pid);
});

test("G3: of many daemons started at once one lives", async () => {
  await using world = makeWorld();
  const all = await Promise.allSettled(Array.from({ length: 20 }, () => startHere(world)));
  const lives = all.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
  expect(lives.length).toBe(1);
  for (const one of all)
    if (one.status === "rejected") expect(one.reason.code).toBe("already_running");
  expect((await world.status()).pid).toBe(process.pid);
  await lives[0]?.[Symbol.asyncDispose]();
});

test("G3: of many daemon processes started at once one lives", async () => {
  await using world = makeWorld();
  const all = await Promise.allSettled(Array.from({ length: 8 }, () => startProcess(world)));
  const lives = all.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
  expect(lives.length).toBe(1);
  expect((await world.status()).pid).toBe(lives[0]?.pid ?? 0);
  await lives[0]?.kill();
}, 20_000);

test("G3: the socket of a killed daemon is no obstacle, and only its owner can open it", async () => {
  await using world = makeWorld();
  const first = await startProcess(world);
  await first.kill();
  expect(statSync(world.place.socket).isSocket()).toBe(true);
  await using _second = await startHere(world);
  await world.status();
  expect(statSync(world.place.socket).mode & 0o777).toBe(0o600);
  expect(statSync(world.place.home).mode & 0o777).toBe(0o700);
  expect(statSync(world.place.journal).mode & 0o077).toBe(0);
});

test("G3: a file or link in the socket's place is left alone", async () => {
  await using world = makeWorld();
  privateFolder(world.place.home);
  writeFileSync(world.place.socket, "precious");
  expect(startHere(world)).rejects.toMatchObject({ code: "conflict" });
  await using other = makeWorld();
  privateFolder(other.place.home);
  symlinkSync("/dev/null", other.place.socket);
  expect(startHere(other)).rejects.toMatchObject({ code: "conflict" });
  expect(await Bun.file(world.place.socket).text()).toBe("precious");
});

test("A8: with a full disk the hook is told so, the daemon lives and takes up again", async () => {
  await using world = makeWorld();
  // No file of the daemon may grow beyond the limit; raised from outside it is space made free.
  await using daemon = await startProcess(world, [
    "sh",
    "-c",
    'trap "" XFSZ; exec "$@"',
    "sh",
    "prlimit",
    "--fsize=600000:unlimited",
  ]);
  world.server.setTrouble(() => new Response("", { status: 503 }));
  await world.link();
  await world.begin();
  const call = (i: number) =>
    hook({
      session: "one",
      hook: "X",
      fact: { kind: "notice", text: `${i} ${"z".repeat(20_000)}`, release: "now" },
    });
  const calls = Array.from({ length: 60 }, (_, i) => call(i));
  const failed: typeof calls = [];
  for (const one of calls) {
    await world.post(one).catch((error) => {
      expect(error.code).toBe("journal_unwritable");
      failed.push(one);
    });
  }
  expect(failed.length).toBeGreaterThan(0);
  expect((await world.status()).journal.error).toBeTruthy();
  for (const one of failed) {
    mkdirSync(world.place.spool, { recursive: true });
    writeFileSync(join(world.place.spool, `${one.id}.json`), JSON.stringify(one));
  }
  Bun.spawnSync(["prlimit", `--pid=${daemon.pid}`, "--fsize=unlimited:unlimited"]);
  world.server.setTrouble(undefined);
  await until(() => world.server.order.length === 61, { timeoutMs: 25_000 });
  await world.drained();
  const got = world.server.texts().flatMap((text) => (text ? [Number(text.split(" ")[0])] : []));
  expect(got.sort((a, b) => a - b)).toEqual(calls.map((_, i) => i));
  expect((await world.status()).journal.error).toBeNull();
}, 60_000);

test("A8: a damaged or foreign journal is set aside, never deleted, and recording goes on", async () => {
  await using world = makeWorld();
  makeFolders(world.place);
  writeFileSync(world.place.journal, "this is no database, ".repeat(500));
  await using _daemon = await startHere(world);
  await world.link();
  await world.begin();
  await world.drained();
  expect((await world.status()).journal.error).toContain("set aside");
  expect(
    readdirSync(dirname(world.place.journal)).some((name) =>
      name.startsWith("journal.db.damaged-"),
    ),
  ).toBe(true);
});

test("A8: SIGTERM ends the daemon within two seconds and leaves no socket", async () => {
  await using world = makeWorld();
  await using daemon = await startProcess(world);
  await world.link();
  await world.begin();
  say(world.transcript(), line("x"));
  const start = performance.now();
  await daemon.kill("SIGTERM");
  expect(performance.now() - start).toBeLessThan(2_000);
  expect(readdirSync(world.place.home)).not.toContain("daemon.sock");
  expect(ask(world.place, "/status")).rejects.toMatchObject({ code: "daemon_unreachable" });
});
