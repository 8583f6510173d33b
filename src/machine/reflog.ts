import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { join } from "node:path";
import { checkoutOf } from "./git.ts";

/** One new commit at the head of a working tree, as git noted it. */
export interface Made {
  sha: string;
  /** What stood there before. */
  before: string;
  at: Date;
  /** It stands in the place of the commit before it: amended, squashed, fixed up. */
  replaces: boolean;
}

/** Where git notes what the head of this working tree was set to: each worktree has its own. */
export function reflogOf(directory: string): string | undefined {
  const found = checkoutOf(directory);
  return found && join(found.git, "logs/HEAD");
}

/** How far back a file is read that was not read before. */
const TAIL = 256 * 1024;

/** The commits noted after `offset`, and where the file ends now; read as a file, no git is run. */
export function readReflog(path: string, offset: number): { made: Made[]; offset: number } {
  let file: number;
  try {
    file = openSync(path, "r");
  } catch {
    return { made: [], offset: 0 };
  }
  try {
    const { size } = fstatSync(file);
    // Shorter than before: git has expired old lines, and the rest is read again.
    const from = Math.max(offset > size ? 0 : offset, size - TAIL);
    const bytes = Buffer.alloc(size - from);
    const count = readSync(file, bytes, 0, bytes.length, from);
    const text = bytes.toString("utf8", 0, count);
    const whole = text.lastIndexOf("\n") + 1;
    const made = text.slice(0, whole).split("\n").flatMap(madeOf);
    return { made, offset: from + Buffer.byteLength(text.slice(0, whole)) };
  } finally {
    closeSync(file);
  }
}

const LINE = /^([0-9a-f]{40,64}) ([0-9a-f]{40,64}) .*? (\d+) [+-]\d{4}\t(.*)$/;
/** What makes a commit; checkouts, resets, pulls and fast-forwards only move to one that is there. */
const MAKES =
  /^(?:commit|cherry-pick|revert|am|rebase(?: -i| -m)?|rebase \([^)]*\)|merge .*)(?: \([^)]*\))*:/;
const MOVES = /^(?:rebase.*\((?:start|finish|abort|continue)\)|.*: Fast-forward|.*: checkout )/i;
const REPLACES = /\((?:amend|squash|fixup)\)/;

function madeOf(line: string): Made[] {
  const [, before = "", sha = "", seconds = "", what = ""] = LINE.exec(line) ?? [];
  if (!sha || sha === before || !MAKES.test(what) || MOVES.test(what)) return [];
  const at = new Date(Number(seconds) * 1000);
  return [{ sha, before, at, replaces: REPLACES.test(what) }];
}
