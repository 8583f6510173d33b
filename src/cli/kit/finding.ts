import type { Installed } from "../../machine/installed.ts";
import type { Paths } from "../../machine/paths.ts";
import type { Status } from "../../wire/local.ts";

/** One line of `polaris doctor`. */
export interface Finding {
  check: string;
  /** `note`: worth knowing, nothing to do. */
  state: "ok" | "wrong" | "note";
  says: string;
  /** What a person can do, as one command or sentence. */
  fix?: string;
  /** What `--fix` does about it; answers what it did. Absent: only a person can. */
  repair?: () => Promise<string> | string;
}

/** What every check may look at. Made anew before each, so that one repair is seen by the next check. */
export interface Scene {
  place: Paths;
  record: Installed;
  /** What is written of the installation: there, not there, or not readable. */
  recorded: "yes" | "no" | "damaged";
  /** The recorder's own word, when it answers. */
  status: Status | undefined;
}

export type Check = (scene: Scene) => Promise<Finding[]> | Finding[];

export const ok = (check: string, says: string): Finding => ({ check, state: "ok", says });
export const note = (check: string, says: string, fix?: string): Finding => ({
  check,
  state: "note",
  says,
  ...(fix ? { fix } : {}),
});
export const wrong = (
  check: string,
  says: string,
  fix: string,
  repair?: () => Promise<string> | string,
): Finding => ({ check, state: "wrong", says, fix, ...(repair ? { repair } : {}) });
