import { expect, test } from "bun:test";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmdirSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ask } from "../../src/machine/local.ts";
import { paths } from "../../src/machine/paths.ts";
import type { Status } from "../../src/wire/local.ts";
import { hook, line, makeWorld, say, startProcess, until } from "./world.ts";

/** A page of SQLite's log with its head. */
const FRAME = 24 + 4096;

test("A8: after a power cut in mid-write all that was answered is there, and recording goes on", async () => {
  await using world = makeWorld();
  const daemon = await startProcess(world);
  await using _daemon = daemon;
  world.server.setTrouble(() => new Response("", { status: 503 }));
  await world.link();
  await world.begin();
  const answered: string[] = [];
  let going = true;
  const writing = (async () => {
    for (let i = 0; going; i++) {
      const text = `h${i} ${"z".repeat(i % 3_000)}`;
      const fact = { kind: "notice", text, release: "now" as const };
      await world.post(hook({ session: "one", hook: "X", transcript: world.transcript(), fact }));
      answered.push(text);
    }
  })();
  const cuts: { home: string; before: string[] }[] = [];
  for (let cut = 0; cut < 4; cut++) {
    await Bun.sleep(50 + Math.random() * 150);
    // The disk as it is at this moment, and half of the page that was being written then.
    process.kill(daemon.pid, "SIGSTOP");
    const before = [...answered];
    const home = join(world.folder, `cut-${cut}`);
    cpSync(world.place.home, home, {
      recursive: true,
      filter: (path) => !/\.sock$|-shm$/.test(path),
    });
    process.kill(daemon.pid, "SIGCONT");
    cuts.push({ home, before });
  }
  going = false;
  await writing;
  await daemon.kill();
  world.server.setTrouble(undefined);
  for (const { home, before } of cuts) {
    const place = paths(home);
    const log = `${place.journal}-wal`;
    const pages = existsSync(log) ? readFileSync(log) : Buffer.alloc(0);
    const end = endOf(pages);
    if (end > FRAME) {
      const last = pages.subarray(end - FRAME, end);
      last.copy(pages, end, 0, 3_000);
      writeFileSync(log, pages);
    }
    world.server.forget();
    await using after = await startProcess({ place, folder: world.folder });
    const status = () => ask<Status>(place, "/status");
    await until(async () => (await status()).journal.pending === 0, { timeoutMs: 20_000 });
    const texts = world.server.texts();
    expect(before.length).toBeGreaterThan(0);
    expect(before.filter((text) => !texts.includes(text))).toEqual([]);
    expect(new Set(texts).size).toBe(texts.length);
    expect((await status()).journal.error).toBeNull();
    const fact = { kind: "notice", text: "after the cut", release: "now" as const };
    await ask(place, "/hook", hook({ session: "one", hook: "X", fact }));
    await until(() => world.server.texts().includes("after the cut"));
    await after.kill();
  }
}, 60_000);

/** Where the log's pages end: each bears the same mark as the log's head. */
function endOf(log: Buffer): number {
  let end = 32;
  while (log.subarray(end + 8, end + 16).equals(log.subarray(16, 24))) end += FRAME;
  return end;
}

const mount = (...args: string[]) => Bun.spawnSync(["mount", ...args]).exitCode === 0;

/** Only root may mount. */
function canMount(): boolean {
  if (process.platform !== "linux" || process.getuid?.() !== 0) return false;
  const path = mkdtempSync(join(tmpdir(), "plrs-mount-"));
  const done = mount("-t", "tmpfs", "-o", "size=1m", "tmpfs", path);
  if (done) Bun.spawnSync(["umount", path]);
  rmdirSync(path);
  return done;
}

test.skipIf(!canMount())(
  "A8: on a disk that is full recording waits, nothing answered is lost, and it goes on once there is room",
  async () => {
    await using world = makeWorld({ signedIn: false });
    const { home } = world.place;
    mkdirSync(home, { mode: 0o700 });
    expect(mount("-t", "tmpfs", "-o", "size=3m,mode=700", "tmpfs", home)).toBe(true);
    await using _disk = {
      [Symbol.asyncDispose]: async () => void Bun.spawnSync(["umount", "-l", home]),
    };
    world.signIn();
    await using _daemon = await startProcess(world);
    world.server.setTrouble(() => new Response("", { status: 503 }));
    await world.link();
    await world.begin();
    const answered: string[] = [];
    const refused: unknown[] = [];
    for (let i = 0; i < 200 && refused.length < 5; i++) {
      const text = `${i} ${"z".repeat(30_000)}`;
      const fact = { kind: "notice", text, release: "now" as const };
      const call = hook({ session: "one", hook: "X", transcript: world.transcript(), fact });
      await world.post(call).then(
        () => answered.push(text),
        (error) => refused.push(error.code),
      );
    }
    expect(new Set(refused)).toEqual(new Set(["journal_unwritable"]));
    expect((await world.status()).journal.error).toBeTruthy();
    // The transcript, on another disk, is the second copy.
    const lines = Array.from({ length: 20 }, (_, n) => `said ${n} ${"y".repeat(20_000)}`);
    say(world.transcript(), ...lines.map((text) => line(text)));
    expect(mount("-o", "remount,size=64m", home)).toBe(true);
    world.server.setTrouble(undefined);
    await until(() => lines.every((text) => world.server.texts().includes(text)), {
      timeoutMs: 30_000,
    });
    await world.drained();
    const texts = world.server.texts();
    expect(answered.filter((text) => !texts.includes(text))).toEqual([]);
    expect(texts.filter((text) => text?.startsWith("said"))).toEqual(lines);
    expect((await world.status()).journal.error).toBeNull();
  },
  60_000,
);
