import { readInstalled } from "../../machine/installed.ts";
import { type Paths, paths } from "../../machine/paths.ts";
import { recorder } from "../../machine/recorder.ts";
import type { Status } from "../../wire/local.ts";
import { checkDamage, checkFolders } from "./check-folders.ts";
import { checkManaged, checkPlugin, checkRecord, checkStatusLine } from "./check-plugin.ts";
import { checkFormat, checkJournal, checkRecorder, checkVersion } from "./check-recorder.ts";
import { checkServer } from "./check-server.ts";
import { type Check, type Finding, type Scene, wrong } from "./finding.ts";
import { recordOf } from "./install.ts";

/** In the order in which a repair needs the one before: no recorder starts in a folder that is a file. */
const CHECKS: readonly [name: string, check: Check][] = [
  ["folders", checkFolders],
  ["installed", checkRecord],
  ["plugin", checkPlugin],
  ["status line", checkStatusLine],
  ["hooks allowed", checkManaged],
  ["recorder", checkRecorder],
  ["journal", checkDamage],
  ["journal", checkJournal],
  ["server", checkServer],
  ["format", checkFormat],
  ["version", checkVersion],
];

export interface Examined extends Omit<Finding, "repair"> {
  /** What was done about it, when something was. */
  fixed?: string;
}

/** Looks at everything; with `fix`, repairs what can be and looks again, so that what is told is how it is now. */
export async function examine(fix: boolean, place: Paths = paths()): Promise<Examined[]> {
  const all: Examined[] = [];
  // Asked once, and again after a repair: a recorder that hangs costs the whole limit each time.
  let status = await recorder(place, 2000);
  for (const [name, check] of CHECKS) {
    const found = await look(name, check, place, status);
    const broken = found.filter(({ repair }) => repair !== undefined);
    if (!fix || broken.length === 0) {
      all.push(...found.map(plain));
      continue;
    }
    const failed: Finding[] = [];
    for (const finding of broken) {
      try {
        const fixed = await finding.repair?.();
        all.push({ ...plain(finding), state: "ok", fixed: fixed ?? "" });
      } catch (error) {
        const why = error instanceof Error ? error.message : String(error);
        failed.push({ ...finding, says: `${finding.says} (the repair failed: ${why})` });
      }
    }
    status = await recorder(place, 2000);
    const now = await look(name, check, place, status);
    const known = new Set(failed.map((finding) => finding.check));
    all.push(...failed.map(plain));
    all.push(...now.filter((one) => one.state !== "ok" && !known.has(one.check)).map(plain));
  }
  return all;
}

async function look(
  name: string,
  check: Check,
  place: Paths,
  status: Status | undefined,
): Promise<Finding[]> {
  const known = readInstalled(place);
  const scene: Scene = {
    place,
    record: recordOf(place),
    recorded: known === undefined ? "no" : known === "damaged" ? "damaged" : "yes",
    status,
  };
  try {
    return await check(scene);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return [wrong(name, `cannot be looked at: ${why}`, "see the message")];
  }
}

const plain = ({ repair: _, ...rest }: Finding): Examined => rest;
