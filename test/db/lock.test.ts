import { expect, test } from "bun:test";
import { lockDataDir } from "../../src/db/lock.ts";
import { hold } from "../helpers/database.ts";
import { temporary } from "../helpers/temp.ts";

test("I2: a second server on one data directory is refused and told who holds it", async () => {
  await using folder = temporary();
  await using first = await hold(folder.path);
  await using second = await hold(folder.path);
  expect(first.code).toBeUndefined();
  expect(second.code).toBe("already_running");
  expect(second.message).toMatch(/process \d+/);
}, 30_000);

test("I2: of five servers started at once, one runs", async () => {
  await using folder = temporary();
  const all = await Promise.all(Array.from({ length: 5 }, () => hold(folder.path)));
  try {
    expect(all.filter((it) => it.connection)).toHaveLength(1);
    expect(all.filter((it) => it.code === "already_running")).toHaveLength(4);
  } finally {
    await Promise.all(all.map((it) => it.kill()));
  }
}, 30_000);

test("I2: the lock goes with its process, also after kill -9", async () => {
  await using folder = temporary();
  await using first = await hold(folder.path);
  expect(() => lockDataDir(folder.path)).toThrow("Another Polaris");
  await first.kill();
  lockDataDir(folder.path)[Symbol.dispose]();
  lockDataDir(folder.path)[Symbol.dispose]();
}, 30_000);
