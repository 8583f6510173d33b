import { mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { z } from "zod";
import terminal from "../../assets/demo/terminal.jsonl" with { type: "text" };
import tools from "../../assets/demo/tools.jsonl" with { type: "text" };
import { AGENTS } from "../agents/index.ts";
import { startDaemon } from "../daemon/daemon.ts";
import { pause } from "../lib/backoff.ts";
import { startLog } from "../lib/log.ts";
import { untilAskedToStop } from "../lib/shutdown.ts";
import { until } from "../lib/until.ts";
import { send } from "../machine/api.ts";
import { writeCredentials } from "../machine/credentials.ts";
import { ask } from "../machine/local.ts";
import { paths } from "../machine/paths.ts";
import { parse } from "./args.ts";
import { type Booted, boot } from "./boot.ts";
import { installInto } from "./install.ts";
import { play, stepsOf } from "./player.ts";

export const help = `
Polaris in one command: a server on its own PostgreSQL, a recorder in a home of its own, and a recorded
Claude Code session played through the real hooks, to be watched in the browser.

Usage: polaris demo [options]

  --dir DIR       where everything is kept (default ./.polaris); the next start goes on with it
  --port NUMBER   (POLARIS_PORT, default 4321; any free one when that is taken)
  --once          play the sessions once and end
  --fast          without the pauses that make it readable

Examples:
  polaris demo
  polaris demo --dir /tmp/look --port 8080
`;

export async function run(args: string[]): Promise<void> {
  const { values } = parse({
    args,
    options: {
      dir: { type: "string", default: ".polaris" },
      port: { type: "string", default: process.env.POLARIS_PORT ?? "4321" },
      once: { type: "boolean", default: false },
      fast: { type: "boolean", default: false },
    },
  });
  const dir = resolve(values.dir);
  const [home, cwd] = [join(dir, "home"), join(dir, "project")];
  for (const folder of [home, cwd]) mkdirSync(folder, { recursive: true });
  const stop = new AbortController();
  const asked = untilAskedToStop().then(() => stop.abort());

  await using server = await start(join(dir, "server"), Number(values.port));
  const owner = await server.own({ email: "manu@example.com", name: "Manu" });
  const asOwner = { url: server.url, token: owner.token };
  const place = paths(join(dir, "machine"));
  mkdirSync(place.home, { recursive: true, mode: 0o700 });
  const profile = { url: server.url, token: owner.token, participant: owner.participant };
  writeCredentials(place.credentials, { current: "demo", profiles: { demo: profile } });
  await using _daemon = await startDaemon({
    home: place.home,
    agents: AGENTS,
    log: quiet("daemon"),
  });
  await installInto({ home, polarisHome: place.home });
  await ask(place, "/link", { directory: cwd, project: "demo" });

  const pace = values.fast ? { least: 0, most: 0 } : { least: 350, most: 2200 };
  const stage = { home, cwd, pace, signal: stop.signal };
  const played = new Set<string>();
  const show = async (known: Set<string>) => {
    const name = await until(
      async () => (await recorded(asOwner)).find((one) => !known.has(one.name))?.name,
      { timeoutMs: 20_000, what: "the session" },
    );
    await announce(server, owner, name, played.size === 0);
    played.add(name);
  };
  for (let round = 0; round < ROUNDS && !stop.signal.aborted; round++) {
    for (const recording of [terminal, tools]) {
      const known = new Set((await recorded(asOwner)).map(({ name }) => name));
      const playing = play(stepsOf(recording), stage);
      if (!stop.signal.aborted) await show(known);
      await playing;
      if (values.once) continue;
      await pause(REST_MS, stop.signal);
      if (stop.signal.aborted) break;
    }
    if (values.once) {
      const isOver = ({ name, state }: Recorded) => !played.has(name) || state === "finished";
      await until(async () => (await recorded(asOwner)).every(isOver), {
        what: "the sessions' end",
      });
      return;
    }
  }
  if (!stop.signal.aborted) console.log("That was all. The server stays up; Ctrl-C stops it.");
  await asked;
  console.log("Stopping.");
}

/** Each round is two sessions, 2 minutes; then the demo rests, so that a forgotten one does not fill the disk. */
const ROUNDS = 8;
const REST_MS = 4000;

const quiet = (room: string) => {
  const log = startLog(room);
  return { ...log, info() {} };
};

async function start(dataDir: string, port: number): Promise<Booted> {
  const options = {
    dataDir,
    host: "127.0.0.1",
    log: quiet("server"),
    progress: (line: string) => console.log(`  ${line} …`),
  };
  try {
    return await boot({ ...options, port });
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "port_taken")) throw error;
    return await boot({ ...options, port: 0 });
  }
}

const Recorded = z.object({ name: z.string(), state: z.string() });
type Recorded = z.infer<typeof Recorded>;

/** What the server has of the demo's project; nothing before the first session. */
async function recorded(server: { url: string; token: string }): Promise<Recorded[]> {
  const { json } = await send(server, { path: "/projects/demo/sessions?limit=500" });
  const page = z.object({ items: z.array(Recorded) }).safeParse(json);
  return page.success ? page.data.items : [];
}

type Owner = Awaited<ReturnType<Booted["own"]>>;

/** Prints where to look: a sign-in link for the first session, its address for the others. */
async function announce(
  server: Booted,
  owner: Owner,
  name: string,
  isFirst: boolean,
): Promise<void> {
  const path = `/app/p/demo/s/${name}`;
  if (!isFirst) return void console.log(`Now playing  ${server.publicUrl}${path}`);
  console.log(`
Polaris is running: ${server.publicUrl}

  Open this to sign in and watch a session as it is recorded (works once, for 15 minutes):

    ${await owner.link(path)}

  Enter makes another link, Ctrl-C stops everything. The next start goes on with what is here.
`);
  if (process.stdin.isTTY) {
    process.stdin.on("data", async () => console.log(`  ${await owner.link(path)}`));
    process.stdin.unref();
  }
}
