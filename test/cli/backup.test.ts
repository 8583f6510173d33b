import { expect, test } from "bun:test";
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { until } from "../../src/lib/until.ts";
import { startBucket } from "../helpers/bucket.ts";
import { startExternal } from "../helpers/external.ts";
import { teamServer } from "../helpers/team.ts";
import { temporary } from "../helpers/temp.ts";

const Tables = z.record(z.string(), z.object({ rows: z.number(), sha256: z.string() }));
const Taken = z.object({
  name: z.string(),
  rows: z.number(),
  size: z.number(),
  tables: Tables,
  removed: z.array(z.string()),
});
const Restored = z.object({ rows: z.number(), tables: Tables, files: z.array(z.string()) });
const Listed = z.object({ kept: z.array(z.object({ name: z.string() })) });

const ODD = {
  text: 'ü € \u{1F680} \t\\ "quoted" {a,b} \u2028',
  body: { n: 1e21, deep: [[null, "\\N"]] },
};
const MESSAGES = "/projects/demo/messages?limit=500";

test("I6: a backup taken while machines write is one moment, and restores to the same rows", async () => {
  await using folder = temporary();
  await using team = teamServer(folder.path);
  await team.start();
  await team.record([ODD, { raw: "x".repeat(5000), kind: "other", body: { type: "odd" } }]);
  let writing = true;
  const writer = (async () => {
    for (let at = 0; writing; at++) await team.record([{}, {}, {}], "busy", `s-${at}`);
  })();
  const backups = join(folder.path, "kept");
  const taken = Taken.parse(await team.json("backup", "--to", backups));
  writing = false;
  await writer;
  const file = join(backups, taken.name);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  // Each session came with its three events in one transaction: a backup never has a part of them.
  const events = taken.tables.events?.rows ?? 0;
  expect(events).toBeGreaterThanOrEqual(2);
  expect((events - 2) % 3).toBe(0);
  expect((taken.tables.sessions?.rows ?? 0) - 1).toBe((events - 2) / 3);

  await using there = temporary();
  await using copy = teamServer(there.path);
  const restored = Restored.parse(await copy.json("restore", file));
  expect(restored.tables).toEqual(taken.tables);
  const again = Taken.parse(await copy.json("backup", "--to", join(there.path, "again")));
  expect(again.tables).toEqual(taken.tables);

  // It serves: the same people, the same words, and it takes new ones after the old.
  const before: unknown = await (await team.call(MESSAGES)).json();
  const { claimUrl } = await copy.start();
  expect(claimUrl).toBeNull();
  const token = (await team.call("/me")).ok;
  expect(token).toBe(true);
  const sign = z.object({ url: z.string() });
  const { url } = sign.parse(await copy.json("serve", "--sign-in", "manu@example.com"));
  await copy.enter(url);
  expect(await (await copy.call(MESSAGES)).json()).toEqual(before);
  await copy.record([{}]);
  // Walls stand again, and what the audit says is whole.
  expect((await copy.run("audit", "verify")).code).toBe(0);
}, 90_000);

test("I6: a backup goes from our own PostgreSQL to another and back, without a superuser", async () => {
  await using folder = temporary();
  await using team = teamServer(folder.path);
  await team.start();
  await team.record([ODD, {}, {}]);
  await team.service.kill("SIGTERM");
  const backups = join(folder.path, "kept");
  const first = Taken.parse(await team.json("backup", "--to", backups));

  await using external = await startExternal();
  await using there = temporary();
  await using other = teamServer(there.path, { DATABASE_URL: external.url });
  const moved = Restored.parse(await other.json("restore", join(backups, first.name)));
  expect(moved.tables).toEqual(first.tables);
  expect((await other.start()).database).toBe("external");
  const second = Taken.parse(await other.json("backup", "--to", join(there.path, "kept")));
  expect(second.tables.events).toEqual(first.tables.events ?? { rows: 0, sha256: "" });
  const full = await other.run("restore", join(backups, first.name));
  expect(full.err).toContain("There is a server in this database already");

  await using home = temporary();
  await using back = teamServer(home.path);
  await back.json("restore", join(there.path, "kept", second.name));
  const third = Taken.parse(await back.json("backup", "--to", join(home.path, "kept")));
  expect(third.tables).toEqual(second.tables);
}, 90_000);

test("I6: an encrypted backup opens with its key alone and carries the server's secret", async () => {
  await using folder = temporary();
  await using team = teamServer(folder.path);
  await team.start();
  await team.record([{ text: "a telling sentence" }]);
  const pair = z
    .object({ identity: z.string(), recipient: z.string() })
    .parse(await team.json("backup", "--make-key"));
  const key = join(folder.path, "key");
  writeFileSync(key, `# a comment\n${pair.identity}\n`);
  const backups = join(folder.path, "kept");
  const args = ["backup", "--to", backups, "--recipient", pair.recipient];
  const taken = Taken.parse(await team.json(...args));
  expect(taken.name).toEndWith(".zst.age");
  const file = join(backups, taken.name);
  expect(readFileSync(file).toString("latin1")).toStartWith("age-encryption.org/v1\n");
  expect((await team.run("backup", "--to", backups, "--verify", taken.name)).err).toContain(
    "encrypted",
  );
  const other = z.object({ identity: z.string() }).parse(await team.json("backup", "--make-key"));
  writeFileSync(`${key}.other`, other.identity);
  const wrong = ["--verify", taken.name, "--identity", `${key}.other`];
  expect((await team.run("backup", "--to", backups, ...wrong)).code).toBe(1);

  await using there = temporary();
  await using copy = teamServer(there.path);
  const restored = Restored.parse(await copy.json("restore", file, "--identity", key));
  expect(restored.files).toEqual(["server.secret"]);
  const secret = (dir: string) => readFileSync(join(dir, "server.secret"), "utf8");
  expect(secret(copy.dataDir)).toBe(secret(team.dataDir));
}, 60_000);

test("I6: a backup that was cut or changed is refused, and nothing of it is restored", async () => {
  await using folder = temporary();
  await using team = teamServer(folder.path);
  await team.start();
  await team.record(Array.from({ length: 300 }, () => ({ text: crypto.randomUUID().repeat(20) })));
  const backups = join(folder.path, "kept");
  const { name } = Taken.parse(await team.json("backup", "--to", backups));
  const whole = readFileSync(join(backups, name));
  const changed = Buffer.from(whole);
  const middle = whole.length >> 1;
  changed[middle] = (changed[middle] ?? 0) ^ 1;
  await using there = temporary();
  await using copy = teamServer(there.path);
  for (const bytes of [whole.subarray(0, middle), whole.subarray(0, whole.length - 3), changed]) {
    writeFileSync(join(backups, name), bytes);
    const checked = await team.run("backup", "--to", backups, "--verify", name);
    expect(checked.err).toMatch(/backup (is damaged|cannot be read)/);
    expect((await copy.run("restore", join(backups, name))).code).toBe(1);
  }
  writeFileSync(join(backups, name), whole);
  expect((await copy.run("restore", join(backups, name))).code).toBe(0);
}, 90_000);

test("I6: backups go to S3-compatible storage, old ones leave, and they restore from there", async () => {
  await using folder = temporary();
  await using bucket = await startBucket(folder.path);
  await using team = teamServer(folder.path, bucket.env);
  await team.start();
  // More than one part of an upload.
  const noise = () =>
    Buffer.from(crypto.getRandomValues(new Uint8Array(48_000))).toString("base64");
  for (let at = 0; at < 4; at++) {
    await team.record(
      Array.from({ length: 60 }, () => ({ kind: "tool.result", text: noise() })),
      "noise",
      `s-${at}`,
    );
  }
  const args = ["backup", "--to", `${bucket.url}/polaris`, "--keep", "2"];
  const taken = [];
  for (let at = 0; at < 3; at++) taken.push(Taken.parse(await team.json(...args)));
  expect(taken.map(({ removed }) => removed.length)).toEqual([0, 0, 1]);
  const last = taken[2];
  expect(last?.size).toBeGreaterThan(9e6);
  const listed = Listed.parse(await team.json("backup", "--to", `${bucket.url}/polaris`, "--list"));
  expect(listed.kept.map(({ name }) => name)).toEqual([taken[2]?.name ?? "", taken[1]?.name ?? ""]);

  await using there = temporary();
  const more = { ...bucket.env, POLARIS_BACKUP_TO: `${bucket.url}/polaris` };
  await using copy = teamServer(there.path, more);
  const restored = Restored.parse(await copy.json("restore", "latest"));
  expect(restored.tables).toEqual(last?.tables ?? {});
}, 120_000);

test("I6: a server with POLARIS_BACKUP_TO backs up by itself, and begins where it left off", async () => {
  await using folder = temporary();
  const backups = join(folder.path, "kept");
  const more = { POLARIS_BACKUP_TO: backups, POLARIS_BACKUP_EVERY: "1d", POLARIS_BACKUP_KEEP: "1" };
  await using team = teamServer(folder.path, more);
  await team.start();
  const names = () =>
    readdirSync(folder.path).includes("kept")
      ? readdirSync(backups).filter((it) => !it.startsWith("."))
      : [];
  await until(() => names().length === 1, { timeoutMs: 20_000, what: "the first backup" });
  const [first = ""] = names();
  await until(() => readFileSync(team.log, "utf8").includes("backup.taken"), { timeoutMs: 20_000 });
  await team.service.kill("SIGTERM");
  await team.start();
  // Not due again before a day is over.
  await until(() => readFileSync(team.log, "utf8").includes("backup.next"), { timeoutMs: 20_000 });
  expect(names()).toEqual([first]);
}, 60_000);
