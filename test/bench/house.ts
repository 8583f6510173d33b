import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { open } from "../../src/db/db.ts";
import { writeCredentials } from "../../src/machine/credentials.ts";
import { ask } from "../../src/machine/local.ts";
import { paths } from "../../src/machine/paths.ts";
import { browserOf, tokenOf } from "../helpers/owner.ts";
import { temporary } from "../helpers/temp.ts";

/** The server as people run it: the executable with its own PostgreSQL, in a folder of its own. */
export async function serve(program: string) {
  await using parts = new AsyncDisposableStack();
  const folder = parts.use(temporary("polaris-bench-"));
  const dataDir = join(folder.path, "data");
  const child = parts.use(
    await launch([program, "serve", "--json", "--port", "0", "--data-dir", dataDir], folder.path),
  );
  const url = String(child.first.url);
  const cookie = await browserOf(String(child.first.claimUrl));
  const token = await tokenOf(url, cookie);
  const pid = join(dataDir, "cluster/postmaster.pid");
  const [postmaster = "", , , port = "", socket = ""] = readFileSync(pid, "utf8").split("\n");
  const sql = open(
    {
      host: socket,
      port: Number(port),
      username: "postgres",
      password: readFileSync(join(dataDir, "database.password"), "utf8").trim(),
      database: "postgres",
    },
    { max: 20 },
  );
  parts.defer(() => sql.close({ timeout: 2 }));
  const alive = parts.move();
  return {
    url,
    token,
    pid: child.pid,
    postmaster: Number(postmaster),
    /** As the superuser, who sees every row. */
    sql,
    folder: folder.path,
    /** A sign-in of its own, as each machine has: a server paces what comes under one. */
    signIn: () => tokenOf(url, cookie),
    async ingest(body: string, as = token): Promise<void> {
      const response = await fetch(`${url}/ingest`, {
        method: "POST",
        headers: { authorization: `Bearer ${as}`, "content-type": "application/x-ndjson" },
        body,
      });
      if (response.status !== 200) throw new Error(`${response.status} ${await response.text()}`);
      await response.arrayBuffer();
    },
    [Symbol.asyncDispose]: () => alive.disposeAsync(),
  };
}
export type Server = Awaited<ReturnType<typeof serve>>;

/** The recorder as people run it, signed in to `server`; without one it has nobody to send to. */
export async function record(program: string, server?: Server, wrap: string[] = []) {
  await using parts = new AsyncDisposableStack();
  const folder = parts.use(temporary("plrs-bench-"));
  const place = paths(join(folder.path, ".polaris"));
  if (server) {
    const { url, token } = server;
    const profile = { url, token, participant: "user:manu" };
    writeCredentials(place.credentials, { current: "bench", profiles: { bench: profile } });
  }
  const child = parts.use(
    await launch([...wrap, program, "daemon", "--json", "--polaris-home", place.home], folder.path),
  );
  const work = join(folder.path, "shop");
  mkdirSync(work);
  await ask(place, "/link", { directory: work, project: "shop" });
  const alive = parts.move();
  return {
    place,
    work,
    folder: folder.path,
    pid: Number(child.first.pid),
    [Symbol.asyncDispose]: () => alive.disposeAsync(),
  };
}
export type Recorder = Awaited<ReturnType<typeof record>>;

/** Starts a program of ours, waits for its line of JSON, and asks it to stop in the end. */
async function launch(command: string[], home: string) {
  const log = join(home, "log");
  const child = Bun.spawn(command, {
    env: { HOME: home, PATH: process.env.PATH ?? "" },
    stdout: "pipe",
    stderr: Bun.file(log),
  });
  let text = "";
  for await (const part of child.stdout.pipeThrough(new TextDecoderStream())) {
    text += part;
    if (text.includes("\n")) break;
  }
  if (!text.includes('"ready":true')) {
    child.kill("SIGKILL");
    throw new Error(
      `${command.join(" ")}: ${text}${existsSync(log) ? readFileSync(log, "utf8") : ""}`,
    );
  }
  const first: Record<string, unknown> = JSON.parse(text);
  return {
    first,
    pid: child.pid,
    async [Symbol.asyncDispose]() {
      child.kill("SIGTERM");
      const late = setTimeout(() => child.kill("SIGKILL"), 15_000);
      await child.exited;
      clearTimeout(late);
    },
  };
}
