import { expect, test } from "bun:test";
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { startEmbedded } from "../../src/db/embedded.ts";
import { silent } from "../../src/lib/log.ts";
import { until } from "../../src/lib/until.ts";
import { hold, open, startDatabase } from "../helpers/database.ts";
import { temporary } from "../helpers/temp.ts";

const isRoot = process.getuid?.() === 0;

test("I2: the first start makes a database that only this user can reach, the second finds its data", async () => {
  await using folder = temporary();
  const dataDir = join(folder.path, "server");
  const told: string[] = [];
  {
    await using database = await startDatabase(dataDir, { progress: (line) => told.push(line) });
    await database.sql`create table kept (word text)`;
    await database.sql`insert into kept values ('größer')`;
    const [settings] = await database.sql`
      select current_setting('listen_addresses') as listen, current_setting('data_checksums') as checksums,
        current_setting('password_encryption') as password, current_setting('server_encoding') as encoding,
        current_setting('fsync') as fsync, upper('größer') as upper`;
    expect(settings).toEqual({
      listen: "",
      checksums: "on",
      password: "scram-sha-256",
      encoding: "UTF8",
      fsync: "on",
      upper: "GRÖßER",
    });
    expect(database.version).toStartWith("18.");
    expect(statSync(database.connection.host).mode & 0o777).toBe(0o700);
    expect(statSync(join(dataDir, "database.password")).mode & 0o777).toBe(0o600);
    const stranger = open({ ...database.connection, password: "guess" });
    expect(stranger`select 1`.execute()).rejects.toThrow("password authentication failed");
    await stranger.end({ timeout: 1 });
  }
  expect(told).toEqual(["creating the database cluster", "starting PostgreSQL"]);
  told.length = 0;
  {
    await using database = await startDatabase(dataDir, { progress: (line) => told.push(line) });
    expect([...(await database.sql`select word from kept`)]).toEqual([{ word: "größer" }]);
  }
  expect(told).toEqual(["starting PostgreSQL"]);
}, 30_000);

test("I2: it stops with its owner and leaves no process and no socket", async () => {
  await using folder = temporary();
  const database = await startEmbedded({ dataDir: join(folder.path, "server"), log: silent });
  const { host, port } = database.connection;
  expect(existsSync(join(host, `.s.PGSQL.${port}`))).toBe(true);
  const pid = database.pid();
  await database[Symbol.asyncDispose]();
  expect(() => process.kill(pid, 0)).toThrow("ESRCH");
  expect(existsSync(join(host, `.s.PGSQL.${port}`))).toBe(false);
}, 30_000);

test("I2: after kill -9 of Polaris the next start takes over the running database", async () => {
  await using folder = temporary();
  await using first = await hold(folder.path);
  const sql = open(first.connection ?? never());
  await sql`create table kept as select 7 as number`;
  await sql.end({ timeout: 1 });
  await first.kill();
  await using database = await startDatabase(folder.path);
  expect(database.pid()).toBe(first.pid ?? 0);
  expect([...(await database.sql`select number from kept`)]).toEqual([{ number: 7 }]);
}, 30_000);

test("I2: after kill -9 of Polaris and PostgreSQL the next start recovers what was committed", async () => {
  await using folder = temporary();
  await using first = await hold(folder.path);
  const sql = open(first.connection ?? never());
  await sql`create table kept as select 7 as number`;
  process.kill(first.pid ?? never(), "SIGKILL");
  await first.kill();
  await sql.end({ timeout: 1 });
  await using database = await startDatabase(folder.path);
  expect(database.pid()).not.toBe(first.pid ?? 0);
  expect([...(await database.sql`select number from kept`)]).toEqual([{ number: 7 }]);
}, 30_000);

test("I2: a PostgreSQL killed under a running server comes back on the same socket", async () => {
  await using folder = temporary();
  await using database = await startDatabase(folder.path);
  await database.sql`create table kept as select 7 as number`;
  const pid = database.pid();
  process.kill(pid, "SIGKILL");
  await until(() => database.pid() !== pid, { what: "a new postmaster" });
  const rows = await until(() => database.sql`select number from kept`, { what: "an answer" });
  expect([...rows]).toEqual([{ number: 7 }]);
}, 30_000);

test("I2: a pid file whose number another program has by now does not stop the start", async () => {
  await using folder = temporary();
  const database = await startEmbedded({ dataDir: folder.path, log: silent });
  const file = join(folder.path, "cluster/postmaster.pid");
  const lock = join(database.connection.host, ".s.PGSQL.5432.lock");
  const [pidFile, lockFile] = [readFileSync(file, "utf8"), readFileSync(lock, "utf8")];
  const pid = String(database.pid());
  await database[Symbol.asyncDispose]();
  // A process of PostgreSQL's own user, because it takes any other user's for gone.
  const user = isRoot ? statSync(join(folder.path, "cluster")) : undefined;
  const other = Bun.spawn(["sleep", "60"], user ? { uid: user.uid, gid: user.gid } : {});
  writeFileSync(file, pidFile.replace(pid, String(other.pid)));
  writeFileSync(lock, lockFile.replace(pid, String(other.pid)));
  try {
    await using again = await startDatabase(folder.path);
    expect([...(await again.sql`select 1 as one`)]).toEqual([{ one: 1 }]);
    expect(other.exitCode).toBeNull();
  } finally {
    other.kill();
  }
}, 30_000);

test("I2: a data directory of another major version is refused and left alone", async () => {
  await using folder = temporary();
  await (await startEmbedded({ dataDir: folder.path, log: silent }))[Symbol.asyncDispose]();
  writeFileSync(join(folder.path, "cluster/PG_VERSION"), "16\n");
  const start = startEmbedded({ dataDir: folder.path, log: silent });
  await expect(start).rejects.toMatchObject({
    code: "database_version",
    message: expect.stringContaining("PostgreSQL 16"),
    hint: expect.stringContaining("polaris backup"),
  });
  expect(existsSync(join(folder.path, "cluster/global/pg_control"))).toBe(true);
}, 30_000);

test("I2: a cluster whose making was killed halfway is made anew", async () => {
  await using folder = temporary();
  const half = join(folder.path, "cluster.0190.new");
  mkdirSync(join(half, "base"), { recursive: true });
  writeFileSync(join(half, "PG_VERSION"), "18\n");
  await using database = await startDatabase(folder.path);
  expect([...(await database.sql`select 1 as one`)]).toEqual([{ one: 1 }]);
  expect(existsSync(half)).toBe(false);
}, 30_000);

test("I2: killed at any moment of its first start, Polaris starts the next time", async () => {
  for (const ms of [30, 150, 300, 450, 600]) {
    await using folder = temporary();
    const program = join(import.meta.dir, "holder.ts");
    const child = Bun.spawn([process.execPath, program, folder.path], { stdout: "ignore" });
    await Bun.sleep(ms);
    child.kill("SIGKILL");
    await child.exited;
    await using database = await startDatabase(folder.path);
    expect([...(await database.sql`select 1 as one`)]).toEqual([{ one: 1 }]);
  }
}, 60_000);

test("I2: a damaged cluster is named, never replaced by an empty one", async () => {
  await using folder = temporary();
  await (await startEmbedded({ dataDir: folder.path, log: silent }))[Symbol.asyncDispose]();
  rmSync(join(folder.path, "cluster/PG_VERSION"));
  const start = startEmbedded({ dataDir: folder.path, log: silent });
  expect(start).rejects.toMatchObject({
    code: "database_failed",
    hint: expect.stringContaining("backup"),
  });
  await start.catch(() => {});
  expect(readdirSync(join(folder.path, "cluster"))).toContain("base");
}, 30_000);

test("I2: a data directory with a path longer than a socket may have works", async () => {
  await using folder = temporary();
  const dataDir = join(folder.path, "a".repeat(100), "b c'\",d".repeat(3));
  let socket = "";
  {
    await using database = await startDatabase(dataDir);
    expect([...(await database.sql`select 1 as one`)]).toEqual([{ one: 1 }]);
    socket = database.connection.host;
    expect(socket.length).toBeLessThan(80);
    expect(statSync(socket).mode & 0o777).toBe(0o700);
  }
  expect(existsSync(socket)).toBe(false);
}, 30_000);

test("I2: a data directory with blanks, quotes and commas in its short path works", async () => {
  await using folder = temporary();
  await using database = await startDatabase(join(folder.path, `it's "a, b" ü`));
  expect([...(await database.sql`select 1 as one`)]).toEqual([{ one: 1 }]);
}, 30_000);

test("I2: what failed is not written to the database's log", async () => {
  await using folder = temporary();
  await using database = await startDatabase(folder.path);
  await database.sql`create table kept (word text primary key)`;
  await database.sql`insert into kept values ('s3cret')`;
  await database.sql`insert into kept values ('s3cret')`.catch(() => {});
  await database.sql.unsafe("select 's3cret' from nowhere").catch(() => {});
  const logs = join(folder.path, "cluster/log");
  const text = await until(() => {
    const all = readdirSync(logs).map((name) => readFileSync(join(logs, name), "utf8"));
    return all.join("").includes("nowhere") && all.join("");
  });
  expect(text).not.toContain("s3cret");
}, 30_000);

test.if(isRoot)(
  "I2: as root the database runs as another user",
  async () => {
    await using folder = temporary();
    await using database = await startDatabase(join(folder.path, "server"));
    expect(statSync(`/proc/${database.pid()}`).uid).toBeGreaterThan(0);
    expect(statSync(join(folder.path, "server/cluster")).uid).toBeGreaterThan(0);
  },
  30_000,
);

test.if(isRoot)(
  "I2: as root below a folder that others cannot enter, it lives elsewhere and a note says where",
  async () => {
    await using folder = temporary();
    const closed = join(folder.path, "root");
    mkdirSync(closed, { mode: 0o700 });
    const dataDir = join(closed, "server");
    const note = join(dataDir, "database.location");
    try {
      {
        await using database = await startDatabase(dataDir);
        await database.sql`create table kept as select 7 as number`;
      }
      expect(readFileSync(note, "utf8")).toStartWith("/var/lib/polaris/");
      await using database = await startDatabase(dataDir);
      expect([...(await database.sql`select number from kept`)]).toEqual([{ number: 7 }]);
    } finally {
      const home = readFileSync(note, "utf8").trim();
      rmSync(home, { recursive: true, force: true });
      if (readdirSync(dirname(home)).length === 0) rmdirSync(dirname(home));
    }
  },
  30_000,
);

test("I2: a copied data directory is a working one", async () => {
  await using folder = temporary();
  const [from, to] = [join(folder.path, "from"), join(folder.path, "to")];
  {
    await using database = await startDatabase(from);
    await database.sql`create table kept as select 7 as number`;
  }
  cpSync(from, to, { recursive: true, filter: (path) => !path.includes("/run/") });
  await using database = await startDatabase(to);
  expect([...(await database.sql`select number from kept`)]).toEqual([{ number: 7 }]);
}, 30_000);

function never(): never {
  throw new Error("the other process did not start");
}
