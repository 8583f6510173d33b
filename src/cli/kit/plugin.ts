import { existsSync, lstatSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { type Capture, files } from "../../agents/claude/install.ts";
import { writeAtomic } from "../../lib/file.ts";
import { makeFolder } from "../../machine/folders.ts";
import { VERSION } from "../version.ts";

export interface Plugin {
  /** Claude Code's configuration folder. */
  claude: string;
  capture: Capture;
  polarisHome?: string | undefined;
}

/** One file as it is and as it should be. */
export interface FileChange {
  path: string;
  /** Undefined when it is not there. */
  before: string | undefined;
  after: string;
}

export const pluginFolder = (claude: string): string => join(claude, "skills", "polaris");

/** The files that are not as this version of this executable would write them. */
export function planPlugin({ claude, capture, polarisHome }: Plugin): FileChange[] {
  const folder = pluginFolder(claude);
  const command = ourselves();
  const wanted = files({
    command,
    version: VERSION,
    capture,
    ...(polarisHome ? { polarisHome } : {}),
  });
  return Object.entries(wanted).flatMap(([name, after]) => {
    const path = join(folder, name);
    const before = textOf(path);
    return before === after ? [] : [{ path, before, after }];
  });
}

/** Writes them; answers the folders that had to be made. Whatever is in their way that is no file is set aside. */
export function writePlugin(claude: string, changes: FileChange[]): string[] {
  const made: string[] = [];
  for (const { path, after } of changes) {
    for (let at = dirname(path); at.length >= pluginFolder(claude).length; at = dirname(at)) {
      const there = lstatSync(at, { throwIfNoEntry: false });
      if (there && !existsSync(at)) rmSync(at);
      else if (there && !lstatSync(at).isDirectory() && !there.isSymbolicLink()) setAside(at);
    }
    made.push(...makeFolder(dirname(path)));
    if (lstatSync(path, { throwIfNoEntry: false })?.isDirectory()) setAside(path);
    writeAtomic(path, after, 0o644);
  }
  return made;
}

/** Takes our files away; what others put into the folder stays. Answers whether anything of theirs is left. */
export function removePlugin(claude: string): boolean {
  const folder = pluginFolder(claude);
  const wanted = files({ command: ["polaris"], version: VERSION, capture: "tail" });
  for (const name of Object.keys(wanted)) rmSync(join(folder, name), { force: true });
  for (const name of [".claude-plugin", "hooks", ""]) {
    const at = join(folder, name);
    if (existsSync(at) && readdirSync(at).length === 0) rmSync(at, { recursive: true });
  }
  return existsSync(folder);
}

/** How this very program is started: the executable alone, or the runtime with the source file. */
export function ourselves(): string[] {
  return isCompiled() ? [process.execPath] : [process.execPath, Bun.main];
}

export const isCompiled = (): boolean => /^(\/\$bunfs\/|[A-Z]:[\\/]~BUN)/.test(Bun.main);

/** Named in the files only when the recorder's home is not the one that belongs to this home directory. */
export function foreignHome(home: string): string | undefined {
  const set = process.env.POLARIS_HOME;
  return set && resolve(set) !== join(home, ".polaris") ? resolve(set) : undefined;
}

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}

function setAside(path: string): void {
  renameSync(path, `${path}.before-polaris-${Date.now()}`);
}
