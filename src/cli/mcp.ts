import { paths } from "../machine/paths.ts";
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
  await serveMcp({ place: paths(values["polaris-home"]), version: VERSION });
}
