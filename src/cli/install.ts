import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { type Capture, files } from "../agents/claude/install.ts";
import { writeAtomic } from "../lib/file.ts";
import { PolarisError } from "../wire/error.ts";
import { parse } from "./args.ts";
import { VERSION } from "./version.ts";

export const help = `
Usage: polaris install [--home DIR] [--capture tail|hooks] [--json]

Puts Polaris into Claude Code: hooks, the MCP server and the command /polaris, as one folder
~/.claude/skills/polaris. No settings file is touched; removing the folder undoes it. Running sessions
take it up after /reload-plugins.

Options:
  --home DIR       the home directory to install into (default: yours)
  --capture MODE   tail: the transcript is the record, no hook on the tool path (default)
                   hooks: every hook, should the transcript's format have changed
  --json           print what was done as JSON

Examples:
  polaris install
  polaris install --home /tmp/trial --json
  polaris install --capture hooks
`;

export async function run(args: string[]): Promise<void> {
  const { values } = parse({
    args,
    options: {
      home: { type: "string" },
      capture: { type: "string", default: process.env.POLARIS_CAPTURE || "tail" },
      json: { type: "boolean", default: false },
    },
  });
  const home = resolve(values.home ?? homedir());
  const capture = captureOf(values.capture);
  if (!existsSync(home)) {
    throw new PolarisError("usage", `There is no directory ${home}.`, { hint: "Make it first." });
  }
  const { folder, changed } = installInto({ home, capture, ...foreignHome(home) });
  if (values.json) return void console.log(JSON.stringify({ folder, changed }));
  if (changed.length === 0) return void console.log(`Nothing to do: ${folder} is up to date.`);
  console.log(`Installed into ${folder}: ${changed.join(", ")}`);
  console.log("New sessions of Claude Code have it; in a running one type /reload-plugins.");
}

/** Writes the folder and answers which of its files were not so already. */
export function installInto(options: { home: string; capture?: Capture; polarisHome?: string }) {
  const { home, capture = "tail", polarisHome } = options;
  const folder = join(home, ".claude", "skills", "polaris");
  const wanted = files({
    command: ourselves(),
    version: VERSION,
    capture,
    ...(polarisHome ? { polarisHome } : {}),
  });
  const written = Object.entries(wanted).filter(([path, text]) => write(join(folder, path), text));
  return { folder, changed: written.map(([path]) => path) };
}

/** How this very program is started: the executable alone, or the runtime with the source file. */
function ourselves(): string[] {
  const isCompiled = /^(\/\$bunfs\/|[A-Z]:[\\/]~BUN)/.test(Bun.main);
  return isCompiled ? [process.execPath] : [process.execPath, Bun.main];
}

/** Named in the files only when the recorder's home is not the one that belongs to this home directory. */
function foreignHome(home: string): { polarisHome?: string } {
  const set = process.env.POLARIS_HOME;
  return set && resolve(set) !== join(home, ".polaris") ? { polarisHome: resolve(set) } : {};
}

function captureOf(value: string): Capture {
  if (value === "tail" || value === "hooks") return value;
  throw new PolarisError("usage", `"${value}" is no way to capture.`, { hint: "tail or hooks." });
}

/** True when the file was not so already. */
function write(path: string, text: string): boolean {
  if (existsSync(path) && readFileSync(path, "utf8") === text) return false;
  mkdirSync(dirname(path), { recursive: true });
  writeAtomic(path, text, 0o644);
  return true;
}
