import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { readable } from "../machine/credentials.ts";
import { paths } from "../machine/paths.ts";
import { revoke } from "../machine/revoke.ts";
import { PolarisError } from "../wire/error.ts";
import { parse } from "./args.ts";
import { foreignHome } from "./kit/plugin.ts";
import { backlog, uninstall } from "./kit/uninstall.ts";

export const help = `
Usage: polaris uninstall [options]

Takes away what polaris install put on this machine: plugin folder, status line, background service, and
the recorder's own folder with its journal and sign-in; the server is told that this machine is signed out. Your
settings are as they were, byte for byte. A server's database beside it and the executable itself stay.

What has not reached the server yet is asked about first.

Options:
  --keep-data    leave journal, sign-in and identity where they are
  --discard      do not ask: what was not sent is lost
  --home DIR     the home directory that polaris install --home named
  --json         print what was removed as JSON

Examples:
  polaris uninstall
  polaris uninstall --keep-data
`;

export async function run(args: string[]): Promise<void> {
  const { values } = parse({
    args,
    options: {
      "keep-data": { type: "boolean", default: false },
      discard: { type: "boolean", default: false },
      home: { type: "string" },
      json: { type: "boolean", default: false },
    },
  });
  const home = values.home === undefined ? undefined : resolve(values.home);
  const place = paths(foreignHome(home ?? homedir()) ?? join(home ?? homedir(), ".polaris"));
  const keep = values["keep-data"];
  if (!keep && !values.discard) await consent(await backlog(place));
  const profiles = keep ? [] : Object.values(readable(place.credentials).profiles);
  const { removed, left } = await uninstall(place, keep, home);
  for (const profile of profiles) {
    const device = `this machine's sign-in at ${profile.url}`;
    if (await revoke(profile)) removed.push(device);
    else if (profile.refresh) left.push(`${device} (end it in the dashboard)`);
  }
  if (values.json) return void console.log(JSON.stringify({ removed, left }));
  for (const what of removed) console.log(`✓ Removed ${what}`);
  for (const what of left) console.log(`  Left ${what}`);
  if (removed.length === 0) console.log("Nothing of Polaris is installed here.");
}

async function consent(unsent: number): Promise<void> {
  if (unsent === 0) return;
  const what = `${unsent} events have not reached the server`;
  const refuse = () =>
    new PolarisError("backlog", `${what}; nothing was removed.`, {
      hint: "polaris status says why; --keep-data keeps them, --discard gives them up.",
    });
  if (!process.stdin.isTTY) throw refuse();
  if (!confirm(`${what} and would be lost. Remove them?`)) throw refuse();
}
