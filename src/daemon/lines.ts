import { closeSync, openSync, readSync } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";

const MEGABYTE = 1024 * 1024;
const NEWLINE = 10;

/** A longer line is skipped, and the session says so: it would cost its size several times over in memory. */
export const LONGEST = 32 * MEGABYTE;

export interface Line {
  text: string;
  /** The byte it begins at. */
  at: number;
}

export interface Step {
  lines: Line[];
  /** The byte after the last complete line that was read or skipped. */
  next: number;
  /** How long a line was that is too long to be taken. */
  skipped?: number;
}

/**
 * The complete lines of a file from `offset` on, about a megabyte at a time; a half-written last line waits for its
 * end. Bytes that are no UTF-8 become replacement characters.
 */
export async function readLines(path: string, offset: number, size: number): Promise<Step> {
  const file = await open(path, "r");
  try {
    for (let wanted = MEGABYTE; ; wanted *= 4) {
      const length = Math.min(wanted, LONGEST, size - offset);
      const bytes = await bytesAt(file, offset, length);
      const end = bytes.lastIndexOf(NEWLINE) + 1;
      if (end > 0) return { lines: split(bytes.subarray(0, end), offset), next: offset + end };
      if (bytes.length < length || offset + length >= size) return { lines: [], next: offset };
      if (length >= LONGEST) return await skip(file, offset, offset + length, size);
    }
  } finally {
    await file.close();
  }
}

/** The byte after the last newline before `size`: where reading begins when what was before is not wanted. */
export function lineEnd(path: string, size: number): number {
  const fd = openSync(path, "r");
  try {
    const buffer = Buffer.alloc(64 * 1024);
    for (let to = size; to > 0; ) {
      const from = Math.max(0, to - buffer.length);
      const length = readSync(fd, buffer, 0, to - from, from);
      const at = buffer.subarray(0, length).lastIndexOf(NEWLINE);
      if (at >= 0) return from + at + 1;
      to = from;
    }
    return 0;
  } finally {
    closeSync(fd);
  }
}

async function skip(file: FileHandle, start: number, from: number, size: number): Promise<Step> {
  for (let at = from; at < size; ) {
    const bytes = await bytesAt(file, at, Math.min(MEGABYTE, size - at));
    if (bytes.length === 0) break;
    const end = bytes.indexOf(NEWLINE);
    if (end >= 0) return { lines: [], next: at + end + 1, skipped: at + end - start };
    at += bytes.length;
  }
  return { lines: [], next: start };
}

async function bytesAt(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const buffer = Buffer.allocUnsafe(length);
  let got = 0;
  while (got < length) {
    const { bytesRead } = await file.read(buffer, got, length - got, position + got);
    if (bytesRead === 0) break;
    got += bytesRead;
  }
  return buffer.subarray(0, got);
}

function split(bytes: Buffer, offset: number): Line[] {
  const lines: Line[] = [];
  for (let at = 0; at < bytes.length; ) {
    const end = bytes.indexOf(NEWLINE, at);
    const text = bytes.toString("utf8", at, end);
    if (text.trim() !== "") lines.push({ text, at: offset + at });
    at = end + 1;
  }
  return lines;
}
