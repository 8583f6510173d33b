import { cpSync, existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { until } from "../../src/lib/until.ts";
import { writeCredentials } from "../../src/machine/credentials.ts";
import { ask } from "../../src/machine/local.ts";
import { paths } from "../../src/machine/paths.ts";
import type { Row } from "../../src/wire/job.ts";
import type { Status } from "../../src/wire/local.ts";
import { callHook } from "./agent.ts";
import type { Polaris } from "./polaris.ts";
import { program, root, startService } from "./service.ts";
import { temporary } from "./temp.ts";

export const RECORDED = join(root, "test/fixtures/claude-code-2.1.329/transcripts");

/** A signed-in machine as its user has it: the program's own recorder and commands, and a home for the agents. */
export async function startRecorder(
  polaris: Polaris,
  who: { token: string; participant: string } = { token: polaris.token, participant: "user:manu" },
  more: Record<string, string> = {},
) {
  await using stack = new AsyncDisposableStack();
  const folder = stack.use(temporary("plrs-rec-"));
  const place = paths(join(folder.path, "machine"));
  const home = join(folder.path, "home");
  mkdirSync(home, { recursive: true });
  mkdirSync(place.home, { recursive: true, mode: 0o700 });
  writeCredentials(place.credentials, {
    current: "work",
    profiles: { work: { url: polaris.url, ...who } },
  });
  const env: Record<string, string> = {
    HOME: home,
    PATH: process.env.PATH ?? "",
    POLARIS_HOME: place.home,
    ...more,
  };
  const log = join(folder.path, "daemon.log");
  const daemon = startService({ args: () => ["daemon", "--json"], env, log });
  stack.use(daemon);
  await daemon.start();
  const owned = stack.move();

  const run = (...args: string[]) => runIn(root, ...args);
  const runIn = async (cwd: string, ...args: string[]) => {
    const child = Bun.spawn([...program, ...args], { env, cwd, stdout: "pipe", stderr: "pipe" });
    const texts = [child.stdout, child.stderr].map((stream) => new Response(stream).text());
    const [out = "", err = ""] = await Promise.all(texts);
    return { code: await child.exited, out, err };
  };
  /** As a person runs it, in a terminal: all that is drawn. */
  const drawn = async (...args: string[]) => {
    const decoder = new TextDecoder();
    let text = "";
    const child = Bun.spawn([...program, ...args], {
      env: { ...env, TERM: "xterm-256color" },
      terminal: {
        cols: 160,
        rows: 40,
        data(_, bytes) {
          text += decoder.decode(bytes, { stream: true });
        },
      },
    });
    const code = await child.exited;
    child.terminal?.close();
    return { code, drawn: text };
  };
  const status = () => ask<Status>(place, "/status");
  return {
    place,
    home,
    env,
    daemon,
    run,
    runIn,
    drawn,
    status,
    folder: folder.path,
    /** The rows of a command that works through transcripts. */
    async rows(...args: string[]): Promise<Row[]> {
      const { out, err } = await run(...args, "--json");
      if (err) throw new Error(err);
      return (JSON.parse(out) as { rows: Row[] }).rows;
    },
    /** Puts a recorded transcript where the agent would have left it, its subagents' beside. */
    put(name: string): string {
      const from = join(RECORDED, `${name}.jsonl`);
      const session = /"sessionId":"([^"]+)"/.exec(readFileSync(from, "utf8"))?.[1] ?? name;
      const to = join(home, ".claude/projects/-home-dev-project", session);
      cpSync(from, `${to}.jsonl`);
      const subagents = join(RECORDED, `${name}.subagents`);
      if (existsSync(subagents)) cpSync(subagents, join(to, "subagents"), { recursive: true });
      return `${to}.jsonl`;
    },
    async linked(project: string): Promise<string> {
      const directory = join(folder.path, "work", project);
      mkdirSync(directory, { recursive: true });
      await run("link", project, directory);
      return directory;
    },
    hook: (payload: object) => callHook(env, payload),
    drained: () =>
      until(async () => (await status()).journal.pending === 0, {
        timeoutMs: 30_000,
        what: "the server to have everything",
      }),
    /** A project's events in the order of its log. */
    events: (project: string) => polaris.messages(`/projects/${project}`),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
export type Recorder = Awaited<ReturnType<typeof startRecorder>>;
