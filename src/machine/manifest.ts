import { access } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { verified } from "../lib/minisign.ts";
import { PolarisError } from "../wire/error.ts";
import { releaseKey } from "./releases.ts";

/** `manifest.json` of a release directory; `manifest.json.minisig` beside it signs every byte of it. */
export const Manifest = z.object({
  version: z.string().regex(/^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$/),
  releasedAt: z.iso.datetime({ offset: true }).optional(),
  notes: z.string().max(10_000).optional(),
  /** By target (`linux-x64`): the file's name in the directory, its size and its SHA-256. */
  targets: z.record(
    z.string(),
    z.object({
      file: z.string().regex(/^[\w.-]+$/),
      size: z.int().min(1),
      sha256: z.string().regex(/^[0-9a-f]{64}$/),
    }),
  ),
});
export type Manifest = z.infer<typeof Manifest>;

/** A manifest is a few hundred bytes; whoever sends more sends something else. */
const LARGEST = 1_000_000;

/** The manifest, its signature checked before a byte of it is believed. */
export async function fetchManifest(releases: string, timeoutMs = 15_000): Promise<Manifest> {
  const key = releaseKey();
  if (!key) {
    throw new PolarisError("release_untrusted", "This build knows no key to check releases with.", {
      hint: "Install a released build, or name the key in POLARIS_RELEASE_KEY.",
    });
  }
  const [content, signature] = await Promise.all([
    load(releases, "manifest.json", timeoutMs),
    load(releases, "manifest.json.minisig", timeoutMs),
  ]);
  if (verified(content, signature.toString("utf8"), key) === undefined) {
    throw new PolarisError("release_untrusted", "The release is not signed with the known key.", {
      hint: "Nothing was changed. Is POLARIS_RELEASES_URL right?",
    });
  }
  const parsed = Manifest.safeParse(json(content));
  if (parsed.success) return parsed.data;
  throw new PolarisError("release_failed", "The release's manifest cannot be read.", {
    hint: "It may be of a newer form: install the newest version by hand.",
  });
}

/** Opens a file of a release directory: over HTTP(S), or from a folder. */
export async function open(
  releases: string,
  name: string,
  timeoutMs: number,
): Promise<ReadableStream<Uint8Array>> {
  try {
    if (!/^https?:/.test(releases)) return Bun.file(await there(folderOf(releases), name)).stream();
    const response = await fetch(`${releases}/${name}`, { signal: AbortSignal.timeout(timeoutMs) });
    if (response.ok && response.body) return response.body;
    throw new Error(`the server answered ${response.status}`);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new PolarisError("unreachable", `${releases}/${name} cannot be fetched: ${why}`, {
      hint: "Is POLARIS_RELEASES_URL right?",
      cause,
    });
  }
}

async function load(releases: string, name: string, timeoutMs: number): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of await open(releases, name, timeoutMs)) {
    size += part.length;
    if (size > LARGEST) {
      throw new PolarisError("release_failed", `${releases}/${name} is too large.`);
    }
    parts.push(part);
  }
  return Buffer.concat(parts);
}

const folderOf = (releases: string): string =>
  releases.startsWith("file://") ? Bun.fileURLToPath(releases) : releases;

async function there(folder: string, name: string): Promise<string> {
  const path = join(folder, name);
  await access(path);
  return path;
}

function json(content: Buffer): unknown {
  try {
    return JSON.parse(content.toString("utf8"));
  } catch {
    return undefined;
  }
}
