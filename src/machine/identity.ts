import { readFileSync } from "node:fs";
import { hostname, userInfo } from "node:os";
import { z } from "zod";
import { writeAtomic } from "../lib/file.ts";
import { uuid7 } from "../lib/uuid.ts";
import { type Participant, slugOf } from "../wire/participant.ts";

const Machine = z.object({ id: z.guid(), name: z.string().min(1).max(255) });
export type Machine = z.infer<typeof Machine>;

/** Who this machine is to the server. Minted once: the server counts each session's positions per machine. */
export function identify(path: string): Machine {
  const known = Machine.safeParse(read(path));
  if (known.success) return known.data;
  const machine = { id: uuid7(), name: hostname().slice(0, 255) || "machine" };
  writeAtomic(path, `${JSON.stringify(machine)}\n`);
  return machine;
}

/** Who drives while nobody has signed in: the login name of this computer. */
export function localParticipant(): Participant {
  try {
    return `user:${slugOf(userInfo().username)}`;
  } catch {
    // A container may run under a number without a name.
    return "user:someone";
  }
}

function read(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch {
    return undefined;
  }
}
