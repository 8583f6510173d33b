import { existsSync, readdirSync, readFileSync, renameSync, unlinkSync } from "node:fs";
import { join } from "node:path";
import { privateFolder, writeAtomic } from "../lib/file.ts";
import type { Log } from "../lib/log.ts";
import type { Paths } from "../machine/paths.ts";
import type { Slates } from "./slates.ts";

/** A call that a hook has left. */
export interface Left {
  /** Its id, or a name that begins with it. */
  name: string;
  text(): string;
  /** It is in the journal. */
  taken(): void;
  /** It was no call. */
  damaged(reason: string): void;
}

export interface Places {
  place: Pick<Paths, "spool" | "damaged">;
  slates: Pick<Slates, "read">;
  log: Log;
}

/** Names begin with a UUIDv7, and that with the time. What has the same time stays as it was written. */
const TIME = "01890a5d-ac96".length;

/** Files in the spool, while no recorder listened, and lines on slates, while nobody had anything to say to them. */
export function gather(places: Places): Left[] {
  const all = [...files(places.place.spool).map((name) => fileOf(name, places)), ...lines(places)];
  const time = ({ name }: Left) => name.slice(0, TIME);
  return all.sort((a, b) => Number(time(a) > time(b)) - Number(time(a) < time(b)));
}

/** Hidden and temporary files are still being written. */
export function files(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder).filter(isCall).sort() : [];
}

export function isCall(name: string): boolean {
  return name.endsWith(".json") && !name.startsWith(".");
}

function fileOf(name: string, { place, log }: Places): Left {
  const path = join(place.spool, name);
  return {
    name,
    text: () => readFileSync(path, "utf8"),
    taken: () => unlinkSync(path),
    damaged(reason) {
      privateFolder(place.damaged);
      renameSync(path, join(place.damaged, name));
      log.warn("spool.damaged", { file: name, reason });
    },
  };
}

/**
 * A line that is no JSON is the beginning of one whose hook found no room, and has made it otherwise. One that is, and
 * cannot be taken (an agent that only another version knows), is kept as a file of the spool would be.
 */
function lines({ place, slates, log }: Places): Left[] {
  return slates.read().flatMap(({ lines, done }) => {
    let open = lines.length;
    const taken = () => {
      open--;
      if (open === 0) done();
    };
    return lines.map((line) => ({
      name: idOf(line),
      text: () => line,
      taken,
      damaged(reason) {
        log.warn("slate.damaged", { reason });
        // Of one name, however often it is read.
        if (isJson(line)) {
          const name = idOf(line) || Bun.hash(line).toString(16);
          writeAtomic(join(privateFolder(place.damaged), `${name}.json`), line);
        }
        taken();
      },
    }));
  });
}

/** As every call of ours begins. */
const idOf = (line: string): string => /^\{"id":"([\da-f-]{36})"/.exec(line)?.[1] ?? "";

function isJson(line: string): boolean {
  try {
    JSON.parse(line);
    return true;
  } catch {
    return false;
  }
}
