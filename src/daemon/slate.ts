import { closeSync, fsyncSync, openSync, readSync, renameSync, statSync } from "node:fs";
import { dirname } from "node:path";

/** In one reading; what is longer is one line. */
const READ_AT_ONCE = 4 * 1024 * 1024;
const LINE_END = 10;

/** A file on which hooks write their calls, a line each (`cli/jot.ts` has the other side). */
export interface Slate {
  path: string;
  /** Everything before is taken up. */
  offset: number;
}

/** A part of a slate that was read and is not yet taken up. */
export interface Reading {
  lines: string[];
  /** All of it is taken up. */
  done(): void;
}

/**
 * Its name is synced as well: what a hook has synced on it must be found after a power cut. (Not by `writeFileSync`, which
 * in Bun 1.4.5 cuts the file to its content after writing it: a hook may have been quicker.)
 */
export function hang(path: string): Slate {
  // The common one may be there already: the first hook on a machine hangs it where no recorder ever ran.
  closeSync(openSync(path, "a", 0o600));
  const folder = openSync(dirname(path), "r");
  fsyncSync(folder);
  closeSync(folder);
  return { path, offset: 0 };
}

/**
 * From now on nobody finds it. Who has it open and writes too late sees by the name that it may be too late; what was
 * written in time is still to be read.
 */
export function takeIn({ path, offset }: Slate): Slate {
  const aside = `${path}.${Bun.randomUUIDv7()}`;
  renameSync(path, aside);
  return { path: aside, offset };
}

/** How much of it has not been taken up, in bytes; undefined when somebody has taken it away. */
export function behind({ path, offset }: Slate): number | undefined {
  const size = statSync(path, { throwIfNoEntry: false })?.size;
  return size === undefined ? undefined : Math.max(0, size - offset);
}

/**
 * What is new on it, in whole lines. What stands behind the last line break is still being written, or never will be:
 * its writer had no room and has made the call instead.
 */
export function read(slate: Slate): Reading | undefined {
  const { offset } = slate;
  const bytes = rest(slate);
  const end = bytes.lastIndexOf(LINE_END) + 1;
  const lines = bytes.toString("utf8", 0, end).split("\n").filter(Boolean);
  if (lines.length === 0) return undefined;
  return {
    lines,
    done() {
      slate.offset = offset + end;
    },
  };
}

/** To its end, or as much of it as holds a line. */
function rest(slate: Slate): Buffer {
  let left = behind(slate) ?? 0;
  if (left === 0) return Buffer.alloc(0);
  const parts: Buffer[] = [];
  const fd = openSync(slate.path, "r");
  try {
    for (let at = slate.offset; left > 0; ) {
      const part = Buffer.allocUnsafe(Math.min(left, READ_AT_ONCE));
      const count = readSync(fd, part, 0, part.length, at);
      if (count === 0) break;
      parts.push(part.subarray(0, count));
      at += count;
      left -= count;
      // Each line has a break before it too.
      if (part.lastIndexOf(LINE_END, count - 1) > 0 || (parts.length > 1 && part[0] === LINE_END)) {
        break;
      }
    }
  } finally {
    closeSync(fd);
  }
  return Buffer.concat(parts);
}
