import { mkdirSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { until } from "../../src/lib/until.ts";
import type { Chain } from "../helpers/chain.ts";

/** The keys that a person presses beside letters. */
const KEYS = {
  Enter: "\r",
  Escape: "\u001b",
  Tab: "\t",
  Down: "\u001b[B",
  Up: "\u001b[A",
} as const;
export type Key = keyof typeof KEYS;

/**
 * Seeds a home so that the client neither greets nor asks: onboarding is done, the key is approved, the directory is
 * trusted. Otherwise the first start contacts the vendor.
 */
export function seedHome(home: string, ...directories: string[]): void {
  mkdirSync(join(home, ".claude"), { recursive: true });
  const projects = Object.fromEntries(
    directories.map((directory) => [directory, { hasTrustDialogAccepted: true }]),
  );
  const settings = {
    hasCompletedOnboarding: true,
    customApiKeyResponses: { approved: ["fake"] },
    projects,
  };
  writeFileSync(join(home, ".claude.json"), JSON.stringify(settings));
}

/** The mode in which nothing is asked. */
export const BYPASS = "--dangerously-skip-permissions";

/** Where a shell finds it by its name, in the mode of these tests. */
function pathWith(home: string, claude: string, mode: string[]): string {
  const folder = join(home, "bin");
  mkdirSync(folder, { recursive: true });
  const script = `#!/bin/sh\nexec '${claude}' ${mode.join(" ")} "$@"\n`;
  writeFileSync(join(folder, "claude"), script, { mode: 0o755 });
  return `${folder}${delimiter}${process.env.PATH ?? ""}`;
}

/** The real Claude Code in a terminal of its own: typed into key by key, read by what it draws. */
export function startTerminal(
  chain: Pick<Chain, "home" | "place">,
  model: { url: string },
  {
    cwd,
    args = [],
    env = {},
    command,
  }: {
    cwd: string;
    args?: string[];
    env?: Record<string, string>;
    /** A line for a shell that starts it, as Polaris has named it. */
    command?: string;
  },
) {
  const claude = process.env.POLARIS_TEST_CLAUDE ?? "";
  const decoder = new TextDecoder();
  let drawn = "";
  const mode = args.includes(BYPASS) ? [] : ["--permission-mode", "manual"];
  const start = command === undefined ? [claude, ...mode, ...args] : ["sh", "-c", command];
  const child = Bun.spawn(start, {
    cwd,
    env: {
      PATH: command === undefined ? (process.env.PATH ?? "") : pathWith(chain.home, claude, mode),
      HOME: chain.home,
      POLARIS_HOME: chain.place.home,
      TERM: "xterm-256color",
      LANG: "C.UTF-8",
      ANTHROPIC_BASE_URL: model.url,
      ANTHROPIC_API_KEY: "fake",
      CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1",
      DISABLE_TELEMETRY: "1",
      DISABLE_ERROR_REPORTING: "1",
      DISABLE_AUTOUPDATER: "1",
      ...env,
    },
    terminal: {
      cols: 120,
      rows: 50,
      data(_, bytes) {
        drawn += decoder.decode(bytes, { stream: true });
      },
    },
  });
  // Without spaces, because the client draws them as jumps of the cursor.
  const screen = () => Bun.stripANSI(drawn).replace(/\s/g, "");

  /** Resolves when these words have been drawn since the last key press. */
  async function shows(words: string, timeoutMs = 20_000): Promise<void> {
    const wanted = words.replace(/\s/g, "");
    await until(() => screen().includes(wanted), {
      timeoutMs,
      what: `"${words}" on the screen`,
    }).catch((error: unknown) => {
      throw new Error(`the screen does not show "${words}": ${screen().slice(-1500)}`, {
        cause: error,
      });
    });
  }

  function press(key: Key): void {
    drawn = "";
    child.terminal?.write(KEYS[key]);
  }

  /** Presses a key until these words are drawn: a dialog takes no key in its first moment, lest one be typed into it. */
  async function insist(key: Key, words: string): Promise<void> {
    for (let tries = 1; ; tries++) {
      press(key);
      const shown = await shows(words, 750).then(
        () => true,
        (error: unknown) => {
          if (tries === 12) throw error;
          return false;
        },
      );
      if (shown) return;
    }
  }

  return {
    pid: child.pid,
    exited: child.exited,
    shows,
    press,
    insist,
    /** Types a line, waits until it stands there, and sends it: what comes with the words is taken as pasted. */
    async say(words: string): Promise<void> {
      drawn = "";
      child.terminal?.write(words);
      await shows(words);
      press("Enter");
    },
    async type(words: string): Promise<void> {
      drawn = "";
      child.terminal?.write(words);
      await shows(words);
    },
    /** As a terminal passes on what is pasted or dropped on it: in one piece, with marks around it. */
    async paste(words: string, drawnAs = words): Promise<void> {
      drawn = "";
      child.terminal?.write(`\u001b[200~${words}\u001b[201~`);
      await shows(drawnAs);
    },
    async kill(signal: NodeJS.Signals = "SIGKILL"): Promise<void> {
      child.kill(signal);
      await child.exited;
    },
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await child.exited;
      child.terminal?.close();
    },
  };
}
export type Terminal = ReturnType<typeof startTerminal>;
