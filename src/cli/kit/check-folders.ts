import {
  chmodSync,
  existsSync,
  lstatSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  type Stats,
  statSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { privateFolder } from "../../lib/file.ts";
import { identify } from "../../machine/identity.ts";
import { installedPath } from "../../machine/installed.ts";
import type { Paths } from "../../machine/paths.ts";
import { type Finding, note, ok, type Scene, wrong } from "./finding.ts";

/** The recorder's folder: there, its owner's alone, nothing in the way, nothing half-written. */
export function checkFolders({ place }: Scene): Finding[] {
  const found = [...blocked(place), ...open(place), ...identity(place), ...leftovers(place)];
  return found.length > 0 ? found : [ok("folders", place.home)];
}

/** Something that is no folder or no socket in the place of one. Moved, never removed: it is not ours. */
function blocked(place: Paths): Finding[] {
  const moved = (path: string) => () => {
    const aside = `${path}.before-polaris-${Date.now()}`;
    renameSync(path, aside);
    return `moved to ${aside}`;
  };
  const found: Finding[] = [];
  for (const folder of [
    place.home,
    dirname(place.journal),
    place.spool,
    place.slates,
    place.damaged,
    place.unchecked,
  ]) {
    const there = entry(folder);
    if (!there || (existsSync(folder) && statSync(folder).isDirectory())) continue;
    found.push(wrong("folders", `${folder} is no folder`, "move it away", moved(folder)));
  }
  const socket = entry(place.socket);
  if (socket && !socket.isSocket()) {
    const fix = "move it away and start the recorder again";
    found.push(wrong("folders", `${place.socket} is no socket`, fix, moved(place.socket)));
  }
  return found;
}

function open(place: Paths): Finding[] {
  const { home, spool, slates, unchecked } = place;
  const folders = [home, dirname(place.journal), spool, slates, unchecked].filter(isFolder);
  const { credentials, credentialsLock, machine, policy, policies, log, update, journal, lock } =
    place;
  const files = [
    credentials,
    credentialsLock,
    machine,
    policy,
    policies,
    log,
    update,
    journal,
    lock,
  ]
    .concat(installedPath(place))
    .filter((path) => entry(path)?.isFile());
  return [
    ...folders.map((path) => ({ path, want: 0o700 })),
    ...files.map((path) => ({ path, want: 0o600 })),
  ].flatMap(({ path, want }) => {
    const mode = modeOf(path);
    // Others may not, and the owner must be able to.
    if (mode === undefined || ((mode & 0o077) === 0 && (mode & want) === want)) return [];
    const fix = `chmod ${want.toString(8)} ${path}`;
    return wrong("permissions", `${path} has mode ${mode.toString(8)}`, fix, () => {
      chmodSync(path, want);
      return fix;
    });
  });
}

/** A machine that cannot say who it is would become another one at its next start, unasked. */
function identity({ machine, home }: Paths): Finding[] {
  if (!existsSync(machine)) return [];
  try {
    const known: unknown = JSON.parse(readFileSync(machine, "utf8"));
    if (typeof known === "object" && known !== null && "id" in known && "name" in known) return [];
  } catch {
    // Said below.
  }
  return [
    wrong("identity", `${machine} cannot be read`, "remove it: a new identity is made", () => {
      setAside(home, machine);
      identify(machine);
      return "a new identity was made";
    }),
  ];
}

/** What a crash left half-written. Younger ones may be somebody's that is writing now. */
function leftovers(place: Paths): Finding[] {
  const old = Date.now() - 60_000;
  const beside = dirname(process.execPath);
  const executable = `${basename(process.execPath)}.update-`;
  const stale = [
    ...inside(place.home).filter((path) => path.endsWith(".tmp")),
    ...inside(place.spool).filter((path) => path.endsWith(".tmp")),
    ...inside(beside).filter((path) => basename(path).startsWith(executable)),
  ].filter((path) => (entry(path)?.mtimeMs ?? old) < old);
  if (stale.length === 0) return [];
  return [
    wrong("leftovers", `${stale.length} half-written files`, `rm ${stale.join(" ")}`, () => {
      for (const path of stale) rmSync(path, { force: true });
      return `removed ${stale.length}`;
    }),
  ];
}

/** What the recorder could not read and has set aside: kept, in one folder, out of the way. */
export function checkDamage({ place }: Scene): Finding[] {
  const folder = dirname(place.journal);
  const journals = inside(folder).filter((path) => basename(path).includes(".damaged-"));
  const calls = inside(place.damaged);
  const kept = inside(join(place.home, "damaged"));
  const found = [...journals, ...calls];
  if (found.length === 0) {
    if (kept.length === 0) return [ok("journal", "nothing damaged")];
    const says = `${kept.length} damaged files are kept in ${join(place.home, "damaged")}`;
    return [note("journal", says, "transcripts hold what they held; remove them when you like")];
  }
  const says = `${journals.length} damaged journal files and ${calls.length} hook calls set aside`;
  return [
    wrong("journal", says, `move them to ${join(place.home, "damaged")}`, () => {
      for (const path of found) setAside(place.home, path);
      return `kept in ${join(place.home, "damaged")}`;
    }),
  ];
}

function setAside(home: string, path: string): void {
  const folder = privateFolder(join(home, "damaged"));
  renameSync(path, join(folder, `${Date.now()}-${basename(path)}`));
}

const isFolder = (path: string): boolean => entry(path)?.isDirectory() === true;

/** Followed where it is a link; nothing where the recorder has just taken the file away. */
const modeOf = (path: string): number | undefined => {
  const mode = statSync(path, { throwIfNoEntry: false })?.mode;
  return mode === undefined ? undefined : mode & 0o777;
};

/** What lies at a path, or nothing: also when something on the way there is a file. */
function entry(path: string): Stats | undefined {
  try {
    return lstatSync(path);
  } catch {
    return undefined;
  }
}

function inside(folder: string): string[] {
  try {
    return readdirSync(folder).map((name) => join(folder, name));
  } catch {
    return [];
  }
}
