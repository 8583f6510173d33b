import { readInstalled } from "./installed.ts";
import type { Paths } from "./paths.ts";

/**
 * Where releases lie: `POLARIS_RELEASES_URL`, else what it was at installation, else what was baked in at build.
 * Undefined: nowhere, and then nothing is ever asked for over a network.
 */
export function releasesUrl(place: Pick<Paths, "home">): string | undefined {
  const known = readInstalled(place);
  const installed = known === "damaged" ? undefined : known?.releasesUrl;
  const found =
    process.env.POLARIS_RELEASES_URL || installed || process.env.POLARIS_BUILT_RELEASES_URL;
  return found?.replace(/\/+$/, "") || undefined;
}

/**
 * The public key that releases are signed with, in minisign's form. Where one was baked in at build it is the only one:
 * whoever can set a variable must not be able to name a key of their own.
 */
export const releaseKey = (): string | undefined =>
  process.env.POLARIS_BUILT_RELEASE_KEY || process.env.POLARIS_RELEASE_KEY || undefined;
