import { z } from "zod";
import { call } from "../machine/api.ts";
import { paths } from "../machine/paths.ts";
import { currentServer } from "../machine/tokens.ts";
import { PolarisError } from "../wire/error.ts";
import { parse } from "./args.ts";
import { seatHere } from "./seat.ts";

export const help = `
Gives a session a label that teammates see; its name, by which it is addressed, stays.

Usage: polaris rename [<project>/<session>] <label> [options]

Without a session it is the one that this agent session is recorded into.

Options:
  --agent-session ID   the agent's own session id (default: $CLAUDE_CODE_SESSION_ID)
  --polaris-home DIR   (default: $POLARIS_HOME or ~/.polaris)
  --json               print the session

Examples:
  polaris rename website/s-7a3f "checkout bug"
  polaris rename "checkout bug"
`;

export async function run(args: string[]): Promise<void> {
  const { values, positionals } = parse({
    args,
    allowPositionals: true,
    options: {
      "agent-session": { type: "string", default: process.env.CLAUDE_CODE_SESSION_ID ?? "" },
      "polaris-home": { type: "string" },
      json: { type: "boolean", default: false },
    },
  });
  const where = positionals.length > 1 ? positionals.shift() : undefined;
  const [label, ...more] = positionals;
  if (!label || more.length > 0) {
    throw new PolarisError("usage", label ? "One label: put it in quotes." : "Which label?", {
      hint: "See polaris rename --help.",
    });
  }
  const place = paths(values["polaris-home"]);
  const seat = await seatHere(place, where, values["agent-session"]);
  const server = await currentServer(place);
  const request = { method: "PATCH", path: seat.path, body: JSON.stringify({ label }) } as const;
  const session = await call(server, request, z.looseObject({ name: z.string() }));
  if (values.json) return void console.log(JSON.stringify(session));
  console.log(`${seat.project}/${seat.session} is now called "${label}".`);
}
