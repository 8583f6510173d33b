import { existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startDaemon } from "../../src/daemon/daemon.ts";
import { silent } from "../../src/lib/log.ts";
import { until } from "../../src/lib/until.ts";
import { writeCredentials } from "../../src/machine/credentials.ts";
import { ask } from "../../src/machine/local.ts";
import { type Paths, paths } from "../../src/machine/paths.ts";
import type { HookCall, Status } from "../../src/wire/local.ts";
import { hook, line, type Said, say, tiny, transcriptOf } from "./agent.ts";
import { type Server, startServer } from "./server.ts";

/** A home, a project folder, a server that keeps what it gets, and doors into the recorder. */
export function makeWorld({ signedIn = true } = {}) {
  const folder = mkdtempSync(join(tmpdir(), "plrs-"));
  const place: Paths = paths(join(folder, "home"));
  const work = join(folder, "work");
  mkdirSync(work);
  const server = startServer();
  const signIn = (to: Pick<Server, "url"> = server, token = "good") =>
    writeCredentials(place.credentials, {
      current: "default",
      profiles: { default: { url: to.url, token, participant: "user:manu" } },
    });
  if (signedIn) signIn();

  return {
    folder,
    place,
    work,
    server,
    signIn,
    transcript: (session = "one") => transcriptOf(join(folder, "agent"), session),
    status: () => ask<Status>(place, "/status"),
    post: (call: HookCall) => ask<{ recorded: boolean }>(place, "/hook", call),
    /** The agent starts a session in the project folder. */
    async begin(session = "one", more: Partial<Said> = {}, pid?: number) {
      const transcript = transcriptOf(join(folder, "agent"), session);
      const said: Said = {
        session,
        hook: "SessionStart",
        start: "startup",
        transcript,
        cwd: work,
        fact: { kind: "session.start", release: "now" },
        ...more,
      };
      return await ask<{ recorded: boolean }>(
        place,
        "/hook",
        hook(said, pid === undefined ? {} : { pid }),
      );
    },
    link: (project = "site") => ask(place, "/link", { directory: work, project }),
    /** Waits until nothing waits. */
    drained: async () =>
      await until(async () => (await ask<Status>(place, "/status")).journal.pending === 0, {
        what: "an empty journal",
        timeoutMs: 20_000,
      }),
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

export type World = ReturnType<typeof makeWorld>;

/** The recorder inside the test's own process. */
export const startHere = (world: World) =>
  startDaemon({ home: world.place.home, agents: [tiny], log: silent });

/** The recorder as a process of its own, to be killed. */
export async function startProcess(world: Pick<World, "place" | "folder">, command: string[] = []) {
  const child = Bun.spawn(
    [...command, process.execPath, join(import.meta.dir, "process.ts"), world.place.home],
    {
      stdout: "pipe",
      stderr: "pipe",
      env: { ...process.env, HOME: world.folder, POLARIS_HOME: world.place.home },
    },
  );
  const reader = child.stdout.getReader();
  const { value } = await reader.read();
  const first = new TextDecoder().decode(value);
  if (!first.startsWith('{"ready"')) {
    await child.exited;
    throw new Error(first + (await new Response(child.stderr).text()));
  }
  return {
    pid: child.pid,
    exited: child.exited,
    stderr: child.stderr,
    async kill(signal: NodeJS.Signals = "SIGKILL") {
      child.kill(signal);
      await child.exited;
    },
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await child.exited;
    },
  };
}

export { existsSync, hook, line, say, until };
