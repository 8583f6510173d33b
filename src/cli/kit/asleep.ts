import { existsSync } from "node:fs";
import { readable } from "../../machine/credentials.ts";
import { left } from "../../machine/left.ts";
import type { Paths } from "../../machine/paths.ts";
import { isHeld } from "../../machine/recorder.ts";
import { VERSION } from "../version.ts";

/** What the files of this machine tell while its recorder does not. */
export interface Asleep {
  running: false;
  /** It holds its lock and does not answer. */
  hangs: boolean;
  program: string;
  profiles: {
    name: string;
    url: string;
    participant: string;
    isCurrent: boolean;
    error: string | null;
  }[];
  /** Calls of hooks that wait for it. */
  spool: number;
}

export function asleep(place: Paths): Asleep {
  const { current, profiles } = readable(place.credentials);
  return {
    running: false,
    hangs: existsSync(place.lock) && isHeld(place),
    program: VERSION,
    profiles: Object.entries(profiles).map(([name, { url, participant, signedOut }]) => ({
      name,
      url,
      participant,
      isCurrent: name === current,
      error: signedOut ?? null,
    })),
    spool: left(place),
  };
}
