import { readInstalled } from "../machine/installed.ts";
import { type Paths, paths } from "../machine/paths.ts";
import { isHeld } from "../machine/recorder.ts";
import { serviceOf } from "../machine/service.ts";
import { serveMcp } from "../mcp/mcp.ts";
import { parse } from "./args.ts";
import { VERSION } from "./version.ts";

export const help = `
The MCP server of one agent session, on standard input and output. Coding agents start it themselves, as
polaris install told them; by hand it is of use only for looking.

Usage: polaris mcp [--polaris-home DIR]

Examples:
  polaris mcp < requests.jsonl
`;

export async function run(args: string[]): Promise<void> {
  const { values } = parse({ args, options: { "polaris-home": { type: "string" } } });
  const place = paths(values["polaris-home"]);
  const waking = wake(place);
  await serveMcp({ place, version: VERSION });
  await waking;
}

/** Where nothing starts programs at login, an agent session that begins is what starts the recorder again. */
async function wake(place: Paths): Promise<void> {
  const known = readInstalled(place);
  if (known === undefined || known === "damaged" || known.service !== "process") return;
  if (isHeld(place)) return;
  // A recorder that does not start is told by `polaris status`; the session has its tools all the same.
  await serviceOf({ place, command: known.command, kind: "process" })
    .restart()
    .catch(() => undefined);
}
