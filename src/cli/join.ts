import { agentNamed } from "../agents/index.ts";
import { quoted } from "../lib/shell.ts";
import { ask } from "../machine/local.ts";
import { paths } from "../machine/paths.ts";
import { currentServer } from "../machine/tokens.ts";
import { PolarisError } from "../wire/error.ts";
import type { Joined } from "../wire/local.ts";
import { parse } from "./args.ts";
import { impossible, retell, transcriptsOf } from "./kit/retell.ts";
import { shown } from "./kit/shown.ts";
import { type Seat, seatOf } from "./seat.ts";

export const help = `
Records a running agent session into a project, from now on. With the name of a session that somebody has handed
over, it goes on with that one: you take its seat, and the agent gets a brief of what was done.

Usage: polaris join <project> [name] [options]

Inside an agent its own session is meant; elsewhere the next one that begins in this directory.

With --continue the agent goes on with the conversation itself: with its own transcript where that lies on this
machine, else with one that is told again from the record, if the server has all of it.

Options:
  --continue           prepare the conversation and print the command that goes on with it
  --agent-session ID   the agent's own session id (default: $CLAUDE_CODE_SESSION_ID)
  --agent NAME         the coding agent (default: claude)
  --transcript FILE    its transcript, when the recorder has not met the session yet
  --polaris-home DIR   (default: $POLARIS_HOME or ~/.polaris)
  --json               print the binding

Examples:
  polaris join website
  polaris join website checkout-bug --agent-session 4ec3f0a2-9a0e-4f5c-8d0e-0d6f2a5f3b11
`;

export async function run(args: string[]): Promise<void> {
  const { values, positionals } = parse({
    args,
    allowPositionals: true,
    options: {
      "agent-session": { type: "string", default: process.env.CLAUDE_CODE_SESSION_ID ?? "" },
      agent: { type: "string", default: "claude" },
      transcript: { type: "string" },
      "polaris-home": { type: "string" },
      continue: { type: "boolean", default: false },
      json: { type: "boolean" },
    },
  });
  const [project, name] = positionals;
  const agentSession = values["agent-session"];
  if (!project)
    throw new PolarisError("usage", "Which project?", { hint: "See polaris join --help." });
  const wish = { agent: values.agent, cwd: process.cwd(), project, name };
  const transcripts = transcriptsOf(values.agent);
  const place = paths(values["polaris-home"]);
  if (values.continue) return await goOn();
  const joined = await ask<Joined>(place, "/join", {
    ...wish,
    ...(agentSession ? { agentSession } : {}),
    transcript: values.transcript,
    transcripts,
  });
  if (values.json) return void console.log(JSON.stringify(joined));
  const where = `${joined.project}/${joined.name}`;
  if (agentSession) console.log(`Recording into ${where}.`);
  else console.log(`The next agent session in this directory goes on with ${where}.`);
  if (joined.brief && agentSession)
    console.log(`\nWhat was done there so far:\n\n${shown(joined.brief)}`);
  if (joined.offer) console.log(`\n${joined.offer.text}`);

  async function goOn(): Promise<void> {
    if (!name || agentSession) {
      throw new PolarisError("usage", name ? "An agent is running here." : "Which session?", {
        hint: "Outside of it, in the directory to go on in: polaris join <project> <name> --continue",
      });
    }
    const next = crypto.randomUUID();
    const joined = await ask<Joined>(place, "/join", { ...wish, transcripts, next });
    const seat = seatOf(`${joined.project}/${joined.name}`);
    const { offer } = joined;
    if (!offer?.command)
      throw impossible(seat, offer?.why ?? "the server knows of no conversation in it");
    const told = offer.from === "record" ? await retellHere(seat, next) : undefined;
    const command = told?.command ?? offer.command;
    if (values.json) return void console.log(JSON.stringify({ ...joined, command, ...told }));
    const what = told
      ? `${told.messages} messages, told again from the record up to #${told.upTo}`
      : "its own transcript lies here";
    console.log(`The conversation of ${seat.project}/${seat.session} goes on (${what}) with:`);
    console.log(`\n  ${command}`);
  }

  async function retellHere(seat: Seat, agentSession: string) {
    const server = await currentServer(place);
    const { cwd, agent } = wish;
    const told = await retell(server, seat, { agent, agentSession, cwd });
    const command = `cd ${quoted(cwd)} && ${agentNamed(agent)?.resumes?.command(agentSession)}`;
    return { ...told, command, agentSession };
  }
}
