import { expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { until } from "../../src/lib/until.ts";
import { RemovalAnswer } from "../../src/wire/removal.ts";
import { ServerStatus } from "../../src/wire/server-status.ts";
import { teamServer } from "../helpers/team.ts";
import { temporary } from "../helpers/temp.ts";

const WORDS = "a telling xylophone";
const LogLine = z.object({
  time: z.iso.datetime(),
  level: z.string(),
  room: z.string(),
  event: z.string(),
});
const Found = z.object({ items: z.array(z.unknown()) });

/** The lines of every backup there, as anybody with zstd reads them. */
function kept(folder: string): string[] {
  return readdirSync(folder)
    .filter((name) => !name.startsWith("."))
    .sort()
    .map((name) => Bun.zstdDecompressSync(readFileSync(join(folder, name))).toString());
}

test("I7: polaris forget says what would go, removes it with --yes, and the next backup is without it", async () => {
  await using folder = temporary();
  await using team = teamServer(folder.path);
  await team.start();
  team.signIn();
  await team.record([{ text: WORDS }, { text: WORDS }], "website");
  const find = async () => {
    const answer = await team.call("/search?q=xylophone");
    return Found.parse(await answer.json()).items.length;
  };
  await until(async () => (await find()) === 2, { what: "the search to know it" });
  const backups = join(folder.path, "kept");
  await team.json("backup", "--to", backups);
  expect(kept(backups).map((it) => it.includes(WORDS))).toEqual([true]);

  for (const wrong of [["forget"], ["forget", "--project", "website"]]) {
    expect((await team.run(...wrong)).code).toBe(2);
  }
  const dry = await team.run("forget", "user:manu");
  expect(dry.out).toMatch(/website +2 events +1 sessions/);
  expect(dry.out).toContain("Nothing was removed");
  expect(await find()).toBe(2);

  const done = RemovalAnswer.parse(await team.json("forget", "user:manu", "--yes"));
  expect(done).toMatchObject({ dryRun: false, removed: [{ project: "website", events: 2 }] });
  expect(await find()).toBe(0);
  expect((await team.run("forget", "user:manu", "--yes")).out).toContain("nothing of that");
  // The proof: who, what, how many, and a hash; the chain of the audit is whole.
  const audit = await team.run("audit", "list", "--action", "events.removed");
  expect(audit.out).toContain("events.removed");
  expect(audit.out).toContain("user:manu");
  expect((await team.run("audit", "verify")).code).toBe(0);

  // The next generation is without it; the one before goes when its time has come.
  await team.json("backup", "--to", backups);
  expect(kept(backups).map((it) => it.includes(WORDS))).toEqual([true, false]);
  await team.json("backup", "--to", backups, "--keep", "1");
  expect(kept(backups).map((it) => it.includes(WORDS))).toEqual([false]);

  // What the server wrote down of all this: one JSON line per fact, none with a word or a key in it.
  const log = readFileSync(team.log, "utf8");
  const lines = log.trim().split("\n");
  expect(lines.length).toBeGreaterThan(1);
  for (const line of lines) expect(LogLine.safeParse(JSON.parse(line)).success).toBe(true);
  for (const word of ["xylophone", "pol_a_", "pol_l_"]) expect(log).not.toContain(word);
}, 60_000);

test("I8: polaris status --server tells how the server stands, in words and as JSON", async () => {
  await using folder = temporary();
  const backups = join(folder.path, "kept");
  await using team = teamServer(folder.path, { POLARIS_BACKUP_TO: backups });
  const before = await team.run("status", "--server");
  expect([before.code, before.err]).toEqual([4, expect.stringContaining("No server runs on")]);
  await team.start();
  await team.record([{}, {}], "website");
  const status = async () => ServerStatus.parse(await team.json("status", "--server"));
  await until(async () => (await status()).backup?.lastAt, { what: "the first backup" });
  expect(await status()).toMatchObject({ projects: 1, backup: { failures: 0 } });
  const { code, out } = await team.run("status", "--server");
  expect(code).toBe(0);
  expect(out).toMatch(/^Server +\d.*up 0\.0 h, \d+ MB$/m);
  expect(out).toMatch(/^Sessions +1 /m);
  expect(out).toMatch(/^Search +/m);
  expect(out).toMatch(/^Database +\d+ MB, \d+ of \d+ connections, answers in [\d.]+ ms$/m);
  expect(out).toMatch(/^Backup +\d{4}-/m);
  expect(out).not.toContain("website");
}, 60_000);

test("I4: asked to stop, a server ends what runs, closes what is open, and is gone within ten seconds", async () => {
  await using folder = temporary();
  await using team = teamServer(folder.path);
  const { url } = await team.start();
  const machine = await team.record([{}], "website");
  const stream = await team.call("/projects/website/events?after=0");
  const reader = stream.body?.getReader();
  await reader?.read();
  const address = `${url.replace("http", "ws")}/projects/website/ws`;
  const socket = new WebSocket(address, { headers: team.bearer() } as unknown as string[]); // Bun's own second form
  const closed = new Promise((done) => socket.addEventListener("close", done));
  await new Promise((done) => socket.addEventListener("open", done));
  const open = async () => {
    const status = ServerStatus.parse(await team.json("status", "--server"));
    return status.connections.requests;
  };
  const before = await open();
  // A machine's batch that is still coming in when the server is asked to stop.
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const writer = writable.getWriter();
  const write = (line: string) => writer.write(Buffer.from(`${line}\n`));
  const headers = { "content-type": "application/x-ndjson" };
  const batch = team.call("/ingest", { method: "POST", headers, body: readable });
  await write(machine.head());
  await until(async () => (await open()) > before, { what: "the batch to have begun" });
  const startedAt = performance.now();
  const gone = team.service.kill("SIGTERM");
  const isOpen = () =>
    fetch(`${url}/healthz`).then(
      () => true,
      () => false,
    );
  await until(async () => !(await isOpen()), { what: "the door to be closed" });
  await write(machine.line({ text: WORDS }));
  await writer.close();
  expect((await batch).status).toBe(200);
  await gone;
  const ms = performance.now() - startedAt;
  console.log(`SIGTERM with a stream, a socket and a batch open -> gone: ${ms.toFixed(0)} ms`);
  expect(ms).toBeLessThan(10_000);
  await closed;
  await reader?.cancel().catch(() => {});
  expect(String(Bun.spawnSync(["pgrep", "-f", team.dataDir]).stdout)).toBe("");
}, 60_000);
