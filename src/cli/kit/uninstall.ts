import { existsSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { unsent } from "../../daemon/peek.ts";
import { until } from "../../lib/until.ts";
import { removeEmpty } from "../../machine/folders.ts";
import { type Installed, installedPath } from "../../machine/installed.ts";
import type { Paths } from "../../machine/paths.ts";
import { recorder } from "../../machine/recorder.ts";
import { serviceOf } from "../../machine/service.ts";
import { removeStatusLine } from "../../machine/settings.ts";
import { claudeFolder, recordOf } from "./install.ts";
import { ourselves, pluginFolder, removePlugin } from "./plugin.ts";

export interface Removed {
  removed: string[];
  /** What is ours to tell about and not to take. */
  left: string[];
}

/**
 * What of `$POLARIS_HOME` is the recorder's, by name: POLARIS_HOME may name any folder, and nothing else in it is
 * touched. `server/` is a server's database and has nothing to do with this machine's recorder.
 */
const DATA =
  /^(daemon\.(sock|lock|lock-journal|pid|log)|journal|spool|slates|bells|damaged|previous|credentials\.(json|lock|lock-journal)|machine\.json|update\.json|profiles?(\.json)?|(policy|policies|prices)\.json)$|\.tmp$/;

/** How much has not reached the server; a recorder that is just sending gets a moment to finish. */
export async function backlog(place: Paths): Promise<number> {
  const status = await recorder(place);
  if (!status) return unsent(place) ?? 0;
  const waiting = async () => {
    const now = await recorder(place);
    return now ? now.journal.pending + now.spool + now.unchecked.events : 0;
  };
  if (status.server.state === "connected") {
    await until(async () => (await waiting()) === 0, { timeoutMs: 5000, everyMs: 100 }).catch(
      () => undefined,
    );
  }
  return await waiting();
}

export async function uninstall(place: Paths, keepData: boolean, home?: string): Promise<Removed> {
  const record = recordOf(place);
  const removed: string[] = [];
  const left: string[] = [];
  await removeService(place, record, removed);
  for (const { folder: claude, statusLine, made } of seatsOf(record, home)) {
    const settings = statusLine && removeStatusLine(statusLine);
    if (settings) removed.push(`status line in ${settings}`);
    const folder = pluginFolder(claude);
    if (existsSync(folder)) removed.push(folder);
    if (removePlugin(claude)) left.push(`${folder} (it holds files of others)`);
    removeEmpty(made);
  }
  rmSync(installedPath(place), { force: true });
  if (!keepData && existsSync(place.home)) {
    for (const name of readdirSync(place.home)) {
      if (DATA.test(name)) rmSync(join(place.home, name), { recursive: true, force: true });
    }
    const rest = readdirSync(place.home);
    if (rest.length > 0) left.push(`${place.home} (${rest.join(", ")})`);
    else removed.push(place.home);
    removeEmpty([place.home]);
  }
  removeEmpty(record.made);
  return { removed, left };
}

async function removeService(place: Paths, record: Installed, removed: string[]): Promise<void> {
  const kind = record.service ?? undefined;
  const service = serviceOf({ place, command: ourselves(), kind });
  const isThere = record.service !== null || (service.file !== null && existsSync(service.file));
  if (!isThere) return;
  await service.remove();
  removed.push(service.file ?? "the recorder's process");
}

/** Those that were noted, and the present one when there is something of ours in it. */
function seatsOf(record: Installed, home: string | undefined): Installed["seats"] {
  const claude = claudeFolder(home);
  const isKnown = record.seats.some(({ folder }) => folder === claude);
  if (isKnown || !existsSync(pluginFolder(claude))) return record.seats;
  return [...record.seats, { folder: claude, capture: "tail", made: [] }];
}
