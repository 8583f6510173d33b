import { paths } from "../machine/paths.ts";
import { PolarisError } from "../wire/error.ts";
import { parse } from "./args.ts";
import { available, rollback, update } from "./kit/update.ts";
import { VERSION } from "./version.ts";

export const help = `
Usage: polaris update [options]

Fetches the newest version from POLARIS_RELEASES_URL (an address or a folder), checks the manifest's
signature and the file's SHA-256, puts it in place of this executable, refreshes hooks and skill, and
starts the recorder anew. Nothing recorded is lost meanwhile. The version before is kept.

Options:
  --check       only say whether there is a newer version
  --rollback    put the version before this one back
  --force       also go to an older version than this one
  --json        print the result as JSON

Examples:
  polaris update --check
  polaris update
  POLARIS_RELEASES_URL=https://releases.example.com/polaris polaris update
  polaris update --rollback
`;

export async function run(args: string[]): Promise<void> {
  const { values } = parse({
    args,
    options: {
      check: { type: "boolean", default: false },
      rollback: { type: "boolean", default: false },
      force: { type: "boolean", default: false },
      json: { type: "boolean", default: false },
    },
  });
  const place = paths();
  const say = (line: string, result: object) =>
    console.log(values.json ? JSON.stringify({ from: VERSION, ...result }) : line);
  if (values.rollback) {
    const version = rollback(place);
    return say(`✓ Back to ${version}; ${VERSION} is kept.`, { version, updated: true });
  }
  const found = await available(place);
  const { version, notes } = found.manifest;
  if (values.check) {
    const line = found.order > 0 ? `${version} is available: polaris update` : newest(version);
    return say(line, { version, newer: found.order > 0, notes: notes ?? null });
  }
  if (found.order === 0) return say(newest(version), { version, updated: false });
  if (found.order < 0 && !values.force) {
    throw new PolarisError("downgrade", `${version} is older than this ${VERSION}.`, {
      hint: "polaris update --force goes there all the same.",
    });
  }
  await update(place, found, progress(values.json));
  say(`✓ Updated from ${VERSION} to ${version}. polaris update --rollback goes back.`, {
    version,
    updated: true,
  });
}

const newest = (version: string): string => `${VERSION} is the newest (${version} is published).`;

/** On a terminal, and only past the first second. */
function progress(json: boolean): (bytes: number, of: number) => void {
  if (json || !process.stderr.isTTY) return () => {};
  const startedAt = performance.now();
  let shown = 0;
  return (bytes, of) => {
    const now = performance.now();
    if (now - startedAt < 1000 || (now - shown < 200 && bytes < of)) return;
    shown = now;
    const mb = (n: number) => (n / 1e6).toFixed(0);
    process.stderr.write(`\r  ${mb(bytes)} of ${mb(of)} MB${bytes === of ? "\n" : ""}`);
  };
}
