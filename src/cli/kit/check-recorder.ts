import { writeInstalled } from "../../machine/installed.ts";
import { ask } from "../../machine/local.ts";
import { isHeld } from "../../machine/recorder.ts";
import { serviceKind, serviceOf } from "../../machine/service.ts";
import type { Unknown } from "../../wire/local.ts";
import { VERSION } from "../version.ts";
import { type Finding, note, ok, type Scene, wrong } from "./finding.ts";
import { ourselves } from "./plugin.ts";

/** The recorder runs, answers, is of this version, and comes back after the next login. */
export function checkRecorder({ place, record, status }: Scene): Finding[] {
  const kind = record.service ?? undefined;
  const service = serviceOf({ place, command: ourselves(), kind });
  const again = async () => {
    if (service.enabled()) await service.restart();
    else await service.install();
    return "started";
  };
  if (record.service === null) {
    if (status) return [ok("recorder", `runs by hand (pid ${status.pid})`), ...age(status.version)];
    return [wrong("recorder", "does not run, and no service starts it", "polaris install")];
  }
  const best = serviceKind();
  if (best !== record.service && (record.service !== "process" || best !== "process")) {
    const fix = "polaris install";
    return [
      wrong("service", `is kept as ${record.service}, this machine has ${best}`, fix, async () => {
        await serviceOf({ place, command: ourselves(), kind: best }).install();
        writeInstalled(place, { ...record, service: best });
        return `installed as ${best}`;
      }),
    ];
  }
  if (!service.enabled()) {
    const says = `${service.file} is missing, edited or not enabled`;
    return [wrong("service", says, "polaris install", again)];
  }
  if (!status) {
    const says = isHeld(place) ? "runs and does not answer" : "does not run";
    return [wrong("recorder", says, "polaris doctor --fix", again)];
  }
  const old = age(status.version, again);
  return old.length > 0 ? old : [ok("recorder", `runs (pid ${status.pid}, ${record.service})`)];
}

function age(version: string, repair?: () => Promise<string>): Finding[] {
  if (version === VERSION) return [];
  const says = `the running recorder is ${version}, this program ${VERSION}`;
  return [wrong("recorder", says, "start it anew", repair)];
}

/** What the journal and the spool say of themselves. */
export function checkJournal({ place, status }: Scene): Finding[] {
  if (!status) return [];
  const { error, pending, refused, refusals } = status.journal;
  const { events, reason } = status.unchecked;
  const found: Finding[] = [];
  if (reason?.startsWith("policy.json") || reason?.startsWith("the team's policy")) {
    const says = `nothing can be checked for secrets, so nothing is sent: ${reason}`;
    const isOwn = reason.startsWith("policy.json");
    const fix = isOwn
      ? `mend or remove ${place.policy}`
      : "ask an admin to mend it (PUT /orgs/policy)";
    found.push(wrong("secrets", says, fix));
  } else if (reason) {
    const says = `${events} events could not be checked for secrets and wait here: ${reason}`;
    found.push(note("secrets", says, "they are checked again by themselves; nothing was sent"));
  }
  // A journal that was set aside is told by its file.
  if (error && !error.startsWith("damaged")) {
    found.push(wrong("journal", error, "make room on the disk, or make the folder writable"));
  }
  if (refused > 0) {
    const why = refusals.map(({ reason, count }) => `${count}× ${reason}`).join("; ");
    found.push(note("refused", `the server refused ${refused} events: ${why}`));
  }
  if (pending > 1000) found.push(note("backlog", `${pending} events wait to be sent`));
  return found;
}

/** Line types without a translation: the agent's format has moved on. Everything is kept, raw. */
export async function checkFormat({ place, status }: Scene): Promise<Finding[]> {
  if (!status) return [];
  const types = await ask<Unknown[]>(place, "/unknown", undefined, 5000).catch(() => []);
  if (types.length === 0) return [ok("format", "every line seen lately is understood")];
  const says = types.map(({ type, count }) => `${type} (${count})`).join(", ");
  const fix = "polaris update; should it go on, polaris install --capture hooks";
  return [note("format", `unknown line types seen lately: ${says}`, fix)];
}

export function checkVersion({ status }: Scene): Finding[] {
  if (!status?.update) return [ok("version", VERSION)];
  return [note("version", `${VERSION}; ${status.update} is available`, "polaris update")];
}
