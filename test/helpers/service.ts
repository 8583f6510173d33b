import { openSync } from "node:fs";
import { join } from "node:path";

export const root = join(import.meta.dir, "../..");

/**
 * How the program is started from source; what draws pages must be started in `root`, because Bun takes the JSX
 * settings from the tsconfig.json of its working directory.
 */
export const program = [process.execPath, join(root, "src/main.ts")];

export interface Service extends AsyncDisposable {
  readonly program: string[];
  /** Starts the process and answers the JSON of its first line: `{"ready":true,…}`. */
  start(): Promise<unknown>;
  readonly pid: number;
  /** Ends it and waits until it is gone. */
  kill(signal?: NodeJS.Signals): Promise<void>;
}

interface Options {
  args: () => string[];
  /** Of Bun itself: something to load first. */
  options?: () => string[];
  env: Record<string, string>;
  /** Where its standard error goes, all starts together. */
  log: string;
}

/** A long-lived command of the program, to be killed and started again at will. */
export function startService({ args, options = () => [], env, log }: Options): Service {
  let child: Bun.Subprocess<"ignore", "pipe", number> | undefined;

  async function start(): Promise<unknown> {
    const [bun = "", ...main] = program;
    const command = [bun, ...options(), ...main, ...args()];
    const started = Bun.spawn(command, {
      env,
      cwd: root,
      stdin: "ignore",
      stdout: "pipe",
      stderr: openSync(log, "a"),
    });
    child = started;
    const line = await firstLine(started.stdout);
    if (line === undefined) {
      const tail = (await Bun.file(log).text()).slice(-2000);
      throw new Error(`polaris ${args()[0]} ended before it was ready: ${tail}`);
    }
    return JSON.parse(line);
  }

  async function kill(signal: NodeJS.Signals = "SIGKILL"): Promise<void> {
    if (!child) return;
    child.kill(signal);
    await child.exited;
  }

  return {
    program,
    start,
    kill,
    get pid() {
      return child?.pid ?? 0;
    },
    async [Symbol.asyncDispose]() {
      await kill("SIGTERM");
    },
  };
}

async function firstLine(stream: ReadableStream<Uint8Array>): Promise<string | undefined> {
  const decoder = new TextDecoder();
  const reader = stream.getReader();
  for (let text = ""; ; ) {
    const { value, done } = await reader.read();
    if (done) return undefined;
    text += decoder.decode(value, { stream: true });
    const end = text.indexOf("\n");
    if (end >= 0) return text.slice(0, end);
  }
}
