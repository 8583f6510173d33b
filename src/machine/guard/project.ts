import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { isSecretName } from "./named.ts";
import { isRandom } from "./random.ts";

/** What a project's own `.env*` files say: these values are secrets wherever they appear. */
export type Known = readonly { kind: string; value: string }[];

/** A folder is looked at again after a second; a file is read again when it has changed. */
const FRESH_MS = 1_000;
const LARGEST = 1_000_000;
const SHORTEST = 8;
const MOST = 1_000;
/** Written to be shown: their values are placeholders. */
const SHOWN = /\.(?:example|sample|template|dist|defaults?|schema|md|d\.ts)$/i;

interface Folder {
  at: number;
  mark: string;
  known: Known;
}

/** The known secret values of a folder: of its own files and of those at the top of its repository. */
export function startProjects(now: () => number = performance.now.bind(performance)) {
  const folders = new Map<string, Folder>();
  const roots = new Map<string, string | undefined>();

  function of(folder: string): Known {
    const known = folders.get(folder);
    if (known && now() - known.at < FRESH_MS) return known.known;
    const files = filesOf(folder);
    const mark = files.map(({ path, mark }) => `${path}\n${mark}`).join("\n");
    if (known?.mark === mark) {
      known.at = now();
      return known.known;
    }
    const values = new Map<string, string>();
    for (const { path } of files) collect(contentOf(path), values);
    // A value that was changed is still in what the agent said before.
    for (const { value, kind } of known?.known ?? [])
      if (!values.has(value)) values.set(value, kind);
    const fresh = [...values].map(([value, kind]) => ({ kind, value })).slice(0, MOST);
    // Longest first: a password inside a connection string goes with it.
    fresh.sort((a, b) => b.value.length - a.value.length);
    folders.set(folder, { at: now(), mark, known: fresh });
    return fresh;
  }

  function rootOf(folder: string): string | undefined {
    if (!roots.has(folder)) roots.set(folder, findRoot(folder));
    return roots.get(folder);
  }

  return (cwd: string): Known => {
    const root = rootOf(cwd);
    return root === undefined || root === cwd ? of(cwd) : [...of(cwd), ...of(root)];
  };
}

function findRoot(folder: string): string | undefined {
  for (let at = folder; ; at = dirname(at)) {
    if (existsSync(join(at, ".git"))) return at;
    if (dirname(at) === at) return undefined;
  }
}

function filesOf(folder: string): { path: string; mark: string }[] {
  let names: string[];
  try {
    names = readdirSync(folder);
  } catch {
    // The folder is gone, or is not ours to read: then its files are not the agent's either.
    return [];
  }
  return names
    .filter((name) => (/^\.env(?:$|[._-])/.test(name) || name === ".envrc") && !SHOWN.test(name))
    .sort()
    .flatMap((name) => {
      const path = join(folder, name);
      const file = statSync(path, { throwIfNoEntry: false });
      if (!file?.isFile() || file.size > LARGEST) return [];
      return [{ path, mark: `${file.mtimeMs} ${file.size} ${file.ino}` }];
    });
}

/** What this user may not read, the agent that works for the same user cannot have read either. */
function contentOf(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code === "ENOENT" || code === "EACCES" || code === "EPERM") return "";
    throw error;
  }
}

const LINE =
  /^[ \t]{0,20}(?:export[ \t]{1,4})?([A-Za-z_][A-Za-z0-9_.-]{0,127})[ \t]{0,4}[=:][ \t]{0,4}(?:"((?:\\[\s\S]|[^"\\]){0,20000})"|'([^']{0,20000})'|`([^`]{0,20000})`|([^\r\n]{0,20000}))/gm;

function collect(text: string, into: Map<string, string>): void {
  for (const [, name = "", double, single, tick, bare] of text.matchAll(LINE)) {
    const value = double ?? single ?? tick ?? (bare ?? "").replace(/\s#.*$/, "").trim();
    const kind = kindOf(name, value);
    if (kind === undefined) continue;
    for (const form of formsOf(value)) if (!into.has(form)) into.set(form, kind);
  }
}

/** As it stands in the file, in JSON, in an address; and a password alone out of a connection string. */
function formsOf(value: string): string[] {
  const plain = value.replaceAll("\\n", "\n");
  const forms = [value, plain, JSON.stringify(plain).slice(1, -1), encode(plain)];
  const password = /^[a-z][a-z0-9+.-]*:\/\/[^\s:@/]*:([^\s@/]{6,})@/i.exec(value)?.[1];
  if (password !== undefined) forms.push(password, decode(password));
  return forms.filter((form) => form.length >= 6);
}

function kindOf(name: string, value: string): string | undefined {
  if (value.length < SHORTEST || /^\$|^<|^\{\{/.test(value)) return undefined;
  if (/:\/\/[^\s:@/]*:[^\s@/]{6,}@/.test(value)) return "env-value";
  if (
    /^(?:true|false|null|none|undefined|disabled|enabled|development|production|localhost|required)$/i.test(
      value,
    )
  )
    return undefined;
  if (isSecretName(name))
    return /^[0-9.]+$/.test(value) && value.length < 10 ? undefined : "env-value";
  // A name that says nothing: an address, a path, a date, a version, words are no secrets.
  if (/^(?:[a-z][a-z0-9+.-]*:\/\/|[./~]|[\w.+-]+@[\w-]+\.)/i.test(value) || /\s/.test(value))
    return undefined;
  return isRandom(value) || /^[a-f0-9]{32,}$/i.test(value) ? "env-value" : undefined;
}

function encode(text: string): string {
  return text.isWellFormed() ? encodeURIComponent(text) : text;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
