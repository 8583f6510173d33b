import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { z } from "zod";
import { privateFolder, writeAtomic } from "../lib/file.ts";
import type { Paths } from "./paths.ts";

/** What stood in a settings file before ours and how to put it back. */
export const Wrapped = z.object({
  /** The settings file, links followed. */
  file: z.string(),
  backup: z.string().nullable(),
  /** The file was not there before. */
  created: z.boolean(),
  /** A member was inserted, only the command of theirs was replaced, or a whole value that was no command. */
  kind: z.enum(["inserted", "command", "value"]),
  /** The text that stood where `after` stands now. */
  before: z.string(),
  after: z.string(),
  /** Our command. */
  ours: z.string(),
  /** Theirs, which `polaris statusline` runs first. */
  command: z.string().nullable(),
});
export type Wrapped = z.infer<typeof Wrapped>;

/** One configuration folder of Claude Code that we are in. */
export const Seat = z.object({
  folder: z.string(),
  capture: z.enum(["tail", "hooks"]),
  /** Folders that were made for us, outermost first: they go with us when nothing else is in them. */
  made: z.array(z.string()),
  statusLine: Wrapped.optional(),
});
export type Seat = z.infer<typeof Seat>;

export const SERVICES = ["systemd", "launchd", "process"] as const;
export type ServiceKind = (typeof SERVICES)[number];

/** `$POLARIS_HOME/install.json`: what was put where, so that all of it can be put right and taken back. */
export const Installed = z.object({
  version: z.string(),
  command: z.array(z.string()),
  seats: z.array(Seat).default([]),
  service: z.enum(SERVICES).nullable().default(null),
  /** Folders above `$POLARIS_HOME` and beside the service's file that were made for us. */
  made: z.array(z.string()).default([]),
  /** The recorder as a service does not see the shell's POLARIS_RELEASES_URL. */
  releasesUrl: z.string().optional(),
});
export type Installed = z.infer<typeof Installed>;

export const installedPath = (place: Pick<Paths, "home">): string =>
  join(place.home, "install.json");

/** Undefined when nothing was installed; `damaged` when what is there cannot be read. */
export function readInstalled(place: Pick<Paths, "home">): Installed | "damaged" | undefined {
  let text: string;
  try {
    text = readFileSync(installedPath(place), "utf8");
  } catch {
    return undefined;
  }
  try {
    const parsed = Installed.safeParse(JSON.parse(text));
    return parsed.success ? parsed.data : "damaged";
  } catch {
    return "damaged";
  }
}

export function writeInstalled(place: Pick<Paths, "home">, installed: Installed): void {
  const path = installedPath(place);
  privateFolder(dirname(path));
  writeAtomic(path, `${JSON.stringify(installed, null, 2)}\n`);
}
