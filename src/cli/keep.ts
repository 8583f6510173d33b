import type { Libc } from "./libc.ts";

const NEW_FOR_WRITING = 0o1 | 0o100 | 0o200 | 0o2000000;
const encoder = new TextEncoder();

/**
 * Leaves a call for later, as `writeAtomic` does it, which brings `node:fs` with it (1 ms): what is there is whole and on
 * disk when this is true, and so is its name. False: there is no folder yet, or no room.
 */
export function keep(
  { open, write, fsync, rename }: Libc,
  spool: string,
  id: string,
  body: string,
) {
  const half = encoder.encode(`${spool}/${id}.json.tmp\0`);
  const fd = open(half, NEW_FOR_WRITING, 0o600);
  if (fd < 0) return false;
  const bytes = encoder.encode(body);
  for (let at = 0; at < bytes.length; ) {
    const taken = write(fd, bytes.subarray(at), (bytes.length - at) | 0);
    if (taken <= 0) return false;
    at += taken;
  }
  if (fsync(fd) !== 0 || rename(half, encoder.encode(`${spool}/${id}.json\0`)) !== 0) return false;
  const folder = open(encoder.encode(`${spool}\0`), 0, 0);
  return folder >= 0 && fsync(folder) === 0;
}
