import { accessSync, constants } from "node:fs";
import { homedir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { privateFolder } from "../lib/file.ts";
import { PolarisError } from "../wire/error.ts";

/** Where this machine keeps what: one folder, entered by its owner alone. */
export interface Paths {
  home: string;
  /** The daemon's door; a hook knocks here. */
  socket: string;
  /** Held open with an exclusive lock by the one daemon. */
  lock: string;
  /** Who holds the lock, for people. */
  pid: string;
  /** In a folder of its own: the home is watched, and each write of a log beside would wake the watcher. */
  journal: string;
  /** What hooks leave while no daemon listens. */
  spool: string;
  /** A file for each agent session whose hooks need no answer: they write their calls there. */
  slates: string;
  damaged: string;
  credentials: string;
  /** Held while the credentials are changed, by whichever process. */
  credentialsLock: string;
  machine: string;
  /** What the recorder says when no service keeps its words. */
  log: string;
  /** What is known of newer versions. */
  update: string;
  /** What the team says about its own secrets (`wire/policy.ts`). */
  policy: string;
  /** What the organisations of the sign-ins say about theirs, as their servers said it last. */
  policies: string;
  /** Hook calls that could not be checked for secrets: nothing else has their content. */
  unchecked: string;
  /** A file for each running agent session: its change is heard there. */
  bells: string;
}

/** `home` from an option wins over `POLARIS_HOME`, which wins over `~/.polaris`. */
export function paths(home = process.env.POLARIS_HOME || join(homedir(), ".polaris")): Paths {
  const folder = resolve(home);
  return {
    home: folder,
    socket: join(folder, "daemon.sock"),
    lock: join(folder, "daemon.lock"),
    pid: join(folder, "daemon.pid"),
    journal: join(folder, "journal", "journal.db"),
    spool: join(folder, "spool"),
    slates: join(folder, "slates"),
    damaged: join(folder, "spool", "damaged"),
    credentials: join(folder, "credentials.json"),
    credentialsLock: join(folder, "credentials.lock"),
    machine: join(folder, "machine.json"),
    log: join(folder, "daemon.log"),
    update: join(folder, "update.json"),
    policy: join(folder, "policy.json"),
    policies: join(folder, "policies.json"),
    unchecked: join(folder, "spool", "unchecked"),
    bells: join(folder, "bells"),
  };
}

/** Throws `journal_unwritable` naming the folder that cannot be made or written. */
export function makeFolders(place: Paths): void {
  for (const folder of [place.home, dirname(place.journal), place.spool, place.slates]) {
    try {
      privateFolder(folder);
      accessSync(folder, constants.W_OK | constants.X_OK);
    } catch (cause) {
      throw new PolarisError("journal_unwritable", `The folder ${folder} cannot be written.`, {
        hint: "Make it yours again, or name another with POLARIS_HOME. Transcripts are kept by the agent meanwhile.",
        cause,
      });
    }
  }
}
