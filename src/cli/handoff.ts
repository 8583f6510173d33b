import { z } from "zod";
import { call } from "../machine/api.ts";
import { paths } from "../machine/paths.ts";
import { currentServer } from "../machine/tokens.ts";
import { PolarisError } from "../wire/error.ts";
import { parse } from "./args.ts";
import { personOf, type Seat, seatHere } from "./seat.ts";

export const help = `
Gives up the driver's seat of a session, or gives it to somebody.

Usage: polaris handoff [<project>/<session>] [to] [options]

Without a session it is the one that this agent session is recorded into. Without a name the seat is open, and whoever
claims it next drives.

Options:
  --force              as an admin, in the driver's place
  --agent-session ID   the agent's own session id (default: $CLAUDE_CODE_SESSION_ID)
  --polaris-home DIR   (default: $POLARIS_HOME or ~/.polaris)
  --json               print the session

Examples:
  polaris handoff website/checkout-bug user:priya
  polaris handoff website/checkout-bug
`;

/** What is read of a session here; --json prints all of it. */
export const Seated = z.looseObject({ driver: z.string().nullable() });

export async function run(args: string[]): Promise<void> {
  const { values, positionals } = parse({
    args,
    allowPositionals: true,
    options: {
      force: { type: "boolean", default: false },
      "agent-session": { type: "string", default: process.env.CLAUDE_CODE_SESSION_ID ?? "" },
      "polaris-home": { type: "string" },
      json: { type: "boolean", default: false },
    },
  });
  const where = positionals[0]?.includes("/") ? positionals.shift() : undefined;
  const [name, ...more] = positionals;
  if (more.length > 0) {
    throw new PolarisError("usage", "One session and one name.", {
      hint: "See polaris handoff --help.",
    });
  }
  const place = paths(values["polaris-home"]);
  const seat = await seatHere(place, where, values["agent-session"]);
  const server = await currentServer(place);
  const to = name === undefined ? {} : { to: personOf(name) };
  const body = JSON.stringify({ ...to, force: values.force });
  const request = { method: "POST", path: `${seat.path}/handoff`, body } as const;
  const session = await call(server, request, Seated);
  if (values.json) return void console.log(JSON.stringify(session));
  const here = `${seat.project}/${seat.session}`;
  console.log(
    session.driver ? `${session.driver} drives ${here}.` : `The seat of ${here} is open.`,
  );
  console.log(`\n${goesOn(seat, `For ${session.driver ?? "whoever claims it"} to go on with it`)}`);
}

/** What whoever takes a session over runs. */
export const goesOn = ({ project, session }: Seat, why: string): string =>
  `${why}, in its directory:

  polaris join ${project} ${session}              with its brief
  polaris join ${project} ${session} --continue   with the agent's own conversation`;
