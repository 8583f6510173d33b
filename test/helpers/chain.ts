import { readFileSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { until } from "../../src/lib/until.ts";
import { ask } from "../../src/machine/local.ts";
import { type Paths, paths } from "../../src/machine/paths.ts";
import type { StoredEvent } from "../../src/wire/event.ts";
import type { Status } from "../../src/wire/local.ts";
import type { Page, Session } from "../../src/wire/session.ts";
import { tokenBy } from "./owner.ts";
import { startService } from "./service.ts";
import { temporary } from "./temp.ts";

const Ready = z.object({ ready: z.literal(true), url: z.string(), claimUrl: z.string() });

/**
 * The whole chain as users run it: `polaris serve` on its own PostgreSQL, a signed-in `polaris daemon`, and a home
 * directory for the agents, all below one temporary folder. Server and daemon are processes of their own that a test
 * may kill and start again: same data, same port. `server`: more of the server's environment.
 */
export async function startChain({ server: more = {} }: { server?: Record<string, string> } = {}) {
  await using stack = new AsyncDisposableStack();
  const folder = stack.use(temporary("plrs-chain-"));
  const place: Paths = paths(join(folder.path, "machine"));
  const home = join(folder.path, "home");
  await mkdir(home, { recursive: true });
  const env: Record<string, string> = {
    HOME: home,
    PATH: process.env.PATH ?? "",
    POLARIS_HOME: place.home,
  };
  const dataDir = join(folder.path, "server");
  let port = "0";
  const server = startService({
    args: () => ["serve", "--json", "--data-dir", dataDir, "--port", port],
    env: { ...env, ...more },
    log: join(folder.path, "server.log"),
  });
  stack.use(server);
  const ready = Ready.parse(await server.start());
  port = new URL(ready.url).port;
  const token = await tokenBy(ready.claimUrl);

  const polaris = async (...args: string[]): Promise<string> => {
    const child = Bun.spawn([...server.program, ...args], { env, stdout: "pipe", stderr: "pipe" });
    const texts = [child.stdout, child.stderr].map((stream) => new Response(stream).text());
    const [out = "", err = ""] = await Promise.all(texts);
    if ((await child.exited) !== 0) throw new Error(`polaris ${args[0]}: ${err}`);
    return out;
  };
  await polaris("login", "--url", ready.url, "--token", token);
  let clock: string[] = [];
  const daemon = startService({
    args: () => ["daemon", "--json"],
    options: () => clock,
    env,
    log: join(folder.path, "daemon.log"),
  });
  stack.use(daemon);
  await daemon.start();

  const get = async (path: string): Promise<unknown> => {
    const headers = { authorization: `Bearer ${token}` };
    const response = await fetch(`${ready.url}${path}`, { headers });
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return response.json();
  };
  /** All of a project, in the order of its log. */
  async function logOf(project: string): Promise<StoredEvent[]> {
    const items: StoredEvent[] = [];
    for (let after: string | null = "0"; after !== null; ) {
      const path = `/projects/${project}/messages?limit=500&after=${after}`;
      // The shape is this helper's claim; what tests assert is the check.
      const page = (await get(path)) as Page<StoredEvent>;
      items.push(...page.items);
      after = page.next;
    }
    return items;
  }
  const sessionsOf = async (project: string): Promise<Session[]> =>
    ((await get(`/projects/${project}/sessions?limit=500`)) as Page<Session>).items;
  const status = () => ask<Status>(place, "/status");
  const owned = stack.move();
  return {
    folder: folder.path,
    dataDir,
    place,
    home,
    env,
    url: ready.url,
    claimUrl: ready.claimUrl,
    token,
    server,
    daemon,
    polaris,
    status,
    /** A directory whose sessions are recorded into the project. */
    async linked(project: string, name = project): Promise<string> {
      const directory = join(folder.path, "work", name);
      await mkdir(directory, { recursive: true });
      await polaris("link", project, directory);
      return directory;
    },
    /** From its next start on, the recorder's clock is wrong by so much. */
    shiftClock(ms: number): void {
      env.POLARIS_TEST_CLOCK_MS = String(ms);
      clock = ms === 0 ? [] : ["--preload", join(import.meta.dir, "clock.ts")];
    },
    sessions: sessionsOf,
    log: logOf,
    /** Resolves when the server has all that this machine has written down. */
    drained: (timeoutMs = 30_000) =>
      until(async () => (await status()).journal.pending === 0, {
        timeoutMs,
        what: "the server to have everything",
      }),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
export type Chain = Awaited<ReturnType<typeof startChain>>;

/** The process of the chain's own PostgreSQL, while it takes connections. */
export function postmasterOf(dataDir: string): number | undefined {
  try {
    const lines = readFileSync(join(dataDir, "cluster", "postmaster.pid"), "utf8").split("\n");
    return lines[7]?.trim() === "ready" ? Number(lines[0]) : undefined;
  } catch {
    return undefined;
  }
}
