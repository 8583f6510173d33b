import {
  existsSync,
  lstatSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmSync,
  statSync,
} from "node:fs";
import { dirname, resolve } from "node:path";
import { writeAtomic } from "../lib/file.ts";
import { membersOf } from "../lib/members.ts";
import { PolarisError } from "../wire/error.ts";
import type { Wrapped } from "./installed.ts";
import { currentCommand, looksOurs, unwrap, wrap } from "./statusline.ts";

/** What the edit of a settings file would be; `apply` makes it, and nothing else touches the disk. */
export interface Change {
  file: string;
  before: string;
  after: string;
  wrapped: Wrapped;
  apply(): void;
}

/**
 * Our status line in a settings file of Claude Code. Undefined when it is there already as it should be. Throws
 * `settings_unreadable` for what is no JSON object: it is somebody's, and is left alone.
 */
export function planStatusLine(
  path: string,
  ours: string,
  known: Wrapped | undefined,
): Change | undefined {
  const file = target(path);
  const before = read(file);
  const clean = before === undefined ? undefined : cleaned(file, before, known);
  const current = before === undefined ? undefined : currentCommand(before);
  if (known && current === ours && known.ours === ours && known.file === file) return undefined;
  const edit = wrap(clean ?? "{}\n", ours);
  if (!edit) throw unreadable(file);
  const { text, ...rest } = edit;
  const backup = before === undefined ? null : `${file}.polaris-backup`;
  const created = before === undefined || (known?.file === file && known.created);
  const wrapped: Wrapped = { file, backup, created, ...rest };
  return {
    file,
    before: before ?? "",
    after: text,
    wrapped,
    apply() {
      if (read(file) !== before) {
        throw new PolarisError("conflict", `${file} was changed at this moment.`, {
          hint: "Try again.",
        });
      }
      const mode = statSync(file, { throwIfNoEntry: false })?.mode ?? 0o600;
      if (backup && clean !== undefined) writeAtomic(backup, clean, mode & 0o777);
      writeAtomic(file, text, mode & 0o777);
    },
  };
}

/** Takes our status line out again. Answers what it did, in words, or nothing when there was nothing to do. */
export function removeStatusLine(wrapped: Wrapped): string | undefined {
  const { file, backup, created } = wrapped;
  const text = read(file);
  if (backup) rmSync(backup, { force: true });
  if (text === undefined) return undefined;
  const clean = unwrap(text, wrapped);
  if (clean === text) return undefined;
  const isEmpty = membersOf(clean)?.members.length === 0;
  if (created && isEmpty) rmSync(file);
  else writeAtomic(file, clean, statSync(file).mode & 0o777);
  return file;
}

/** Without ours, were it of an earlier installation, by its record or by the backup that was kept. */
function cleaned(file: string, text: string, known: Wrapped | undefined): string {
  const current = currentCommand(text);
  if (current === undefined) return text;
  if (known?.ours === current) return unwrap(text, known);
  if (!looksOurs(current)) return text;
  const backup = read(`${file}.polaris-backup`);
  const earlier = backup === undefined ? undefined : wrap(backup, current);
  return unwrap(
    text,
    earlier ?? { kind: "inserted", before: "", after: "", ours: current, command: null },
  );
}

/** Where a settings file really lies: a link into somebody's dotfiles stays a link. */
function target(path: string): string {
  if (existsSync(path)) return realpathSync(path);
  // A link to a file that is not there yet.
  const link = lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink();
  return link ? resolve(dirname(path), readlinkSync(path)) : path;
}

export function read(file: string): string | undefined {
  let bytes: Buffer;
  try {
    bytes = readFileSync(file);
  } catch (cause) {
    if (cause instanceof Error && "code" in cause && cause.code === "ENOENT") return undefined;
    throw unreadable(file, cause);
  }
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw unreadable(file, cause);
  }
}

const unreadable = (file: string, cause?: unknown) =>
  new PolarisError("settings_unreadable", `${file} is not a JSON object; it was left alone.`, {
    hint: "Mend it and run polaris install again, or use --no-status-line.",
    cause,
  });
