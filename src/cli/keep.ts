import { bytes, type Files, files, name } from "./libc.ts";

const NEW_FOR_WRITING = 0o1 | 0o100 | 0o200 | 0o2000000;

/** Leaves a call for later. What is there is whole and on disk when this returns, and so is its name. */
export async function keep(spool: string, id: string, body: string): Promise<void> {
  const libc = files();
  if (libc && placed(libc, spool, id, bytes(body))) return;
  // No folder yet, or not by this way.
  const { privateFolder, writeAtomic } = await import("../lib/file.ts");
  privateFolder(spool.slice(0, spool.lastIndexOf("/")));
  writeAtomic(`${privateFolder(spool)}/${id}.json`, body);
}

/** As `writeAtomic` does it, which brings `node:fs` with it: a fifth of what this program takes. */
function placed(
  { open, write, fsync, rename }: Files,
  spool: string,
  id: string,
  body: Uint8Array,
) {
  const path = name(`${spool}/${id}.json`);
  const half = name(`${spool}/${id}.json.tmp`);
  const fd = open(half, NEW_FOR_WRITING, 0o600);
  if (fd < 0) return false;
  for (let at = 0; at < body.length; ) {
    const taken = write(fd, body.subarray(at), (body.length - at) | 0);
    if (taken <= 0) return false;
    at += taken;
  }
  if (fsync(fd) !== 0 || rename(half, path) !== 0) return false;
  const folder = open(name(spool), 0, 0);
  return folder >= 0 && fsync(folder) === 0;
}
