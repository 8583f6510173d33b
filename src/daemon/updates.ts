import { readFileSync } from "node:fs";
import { z } from "zod";
import pkg from "../../package.json" with { type: "json" };
import { writeAtomic } from "../lib/file.ts";
import { brief, type Log } from "../lib/log.ts";
import { fetchManifest } from "../machine/manifest.ts";
import type { Paths } from "../machine/paths.ts";
import { releasesUrl } from "../machine/releases.ts";

const DAY_MS = 24 * 3_600_000;
/** How often it is looked whether a day has passed: a machine that slept is late by at most this. */
const LOOK_MS = 30 * 60_000;

const Known = z.object({ checkedAt: z.iso.datetime(), latest: z.string().nullable() });

export interface Updates extends AsyncDisposable {
  /** A version newer than this one, its manifest's signature checked. */
  readonly newer: string | null;
}

/**
 * Asks at most once a day whether there is a newer version, and only when somebody has said where: without a
 * releases address no request is ever made.
 */
export function startUpdates({ place, log }: { place: Paths; log: Log }): Updates {
  let known = read(place.update);
  let running: Promise<void> = Promise.resolve();
  const look = () => {
    running = running.then(check);
  };
  const timer = setInterval(look, LOOK_MS);
  timer.unref();
  look();

  async function check(): Promise<void> {
    const releases = releasesUrl(place);
    if (!releases) return;
    const since = known ? Date.now() - Date.parse(known.checkedAt) : DAY_MS;
    // A clock that was set back must not silence the check for years.
    if (since >= 0 && since < DAY_MS) return;
    let latest = known?.latest ?? null;
    try {
      latest = (await fetchManifest(releases)).version;
    } catch (error) {
      // Tomorrow again: a server of releases that is down is no reason to knock more often.
      log.info("update.unknown", { error: brief(error) });
    }
    known = { checkedAt: new Date().toISOString(), latest };
    try {
      writeAtomic(place.update, `${JSON.stringify(known)}\n`);
    } catch (error) {
      log.warn("update.unwritten", { error: brief(error) });
    }
  }

  return {
    get newer() {
      const latest = known?.latest;
      return latest && Bun.semver.order(latest, pkg.version) > 0 ? latest : null;
    },
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      await Promise.race([running, Bun.sleep(500)]);
    },
  };
}

function read(path: string): z.infer<typeof Known> | undefined {
  try {
    return Known.safeParse(JSON.parse(readFileSync(path, "utf8"))).data;
  } catch {
    return undefined;
  }
}
