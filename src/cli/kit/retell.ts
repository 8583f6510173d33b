import { existsSync, mkdirSync } from "node:fs";
import { homedir, hostname } from "node:os";
import { dirname, join } from "node:path";
import { z } from "zod";
import type { Recorded } from "../../agents/agent.ts";
import { agentNamed } from "../../agents/index.ts";
import { pause } from "../../lib/backoff.ts";
import { writeAtomic } from "../../lib/file.ts";
import { call, download } from "../../machine/api.ts";
import { Completeness, lackOf } from "../../wire/check.ts";
import { PolarisError } from "../../wire/error.ts";
import { Body } from "../../wire/event.ts";
import type { Seat } from "../seat.ts";

/** The machine it was recorded on compares within a second of its leaving, when it is there at all. */
const PATIENCE_MS = 10_000;

interface Server {
  url: string;
  token: string;
}

export interface Retold {
  path: string;
  messages: number;
  /** The last event that is in it. */
  upTo: number;
}

/** Where this person's agent keeps its transcripts. */
export const transcriptsOf = (agent: string): string | undefined =>
  agentNamed(agent)?.transcripts(homedir(), process.env);

/**
 * Tells an agent's conversation again, from the record, as a transcript for this directory. Only where the record is
 * whole: half a conversation would be taken for all of it. What is not in it (secrets, images, thoughts) is said in it.
 */
export async function retell(
  server: Server,
  seat: Seat,
  { agent: name, agentSession, cwd }: { agent: string; agentSession: string; cwd: string },
): Promise<Retold> {
  const agent = agentNamed(name);
  if (!agent?.resumes) throw impossible(seat, `${name} cannot be told what was said`);
  const session = await whole(server, seat);
  const path = join(
    agent.transcripts(homedir(), process.env),
    agent.resumes.path(cwd, agentSession),
  );
  const telling = agent.resumes.retell(agentSession, cwd);
  let upTo = 0;
  let begins = false;
  let said = 0;
  for await (const event of eventsOf(server, seat)) {
    upTo = event.seq;
    if (event.kind === "session.start") begins ||= said === 0 && isFresh(event);
    else if (CONVERSATION.has(event.kind)) said++;
    telling.take(event);
  }
  const { lines, messages } = telling.finish(preface(seat, session, { cwd, upTo, begins }));
  if (messages === 0) throw impossible(seat, "nothing was said in it");
  if (existsSync(path)) throw new PolarisError("conflict", `${path} is there already.`);
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  writeAtomic(path, `${lines.join("\n")}\n`);
  return { path, messages, upTo };
}

/** What is resumed or forked was had before it was recorded. */
const isFresh = ({ body }: Recorded): boolean =>
  body.source === "startup" || body.source === "clear";

const CONVERSATION = new Set(["user.message", "agent.message", "tool.call"]);

const Whole = z.looseObject({
  driver: z.string().nullable(),
  cwd: z.string().nullable(),
  completeness: Completeness.optional(),
});
type Whole = z.infer<typeof Whole>;

/** The session, once the server is known to have all of it. */
async function whole(server: Server, seat: Seat): Promise<Whole> {
  for (const end = Date.now() + PATIENCE_MS; ; await pause(250)) {
    const session = await call(server, { path: seat.path }, Whole);
    const { completeness } = session;
    if (completeness?.state === "complete") return session;
    const why = completeness && lackOf(completeness);
    if (why) throw impossible(seat, why);
    if (Date.now() < end) continue;
    throw impossible(
      seat,
      "a machine it was recorded on has not confirmed yet that all of it is here",
      "Once that machine is online: the same command again. ",
    );
  }
}

export const impossible = ({ project, session }: Seat, why: string, first = ""): PolarisError =>
  new PolarisError(
    "conflict",
    `The agent's own conversation of ${project}/${session} cannot go on here: ${why}.`,
    { hint: `${first}The next agent session in this directory begins with the brief.` },
  );

const Told = z.looseObject({
  seq: z.int(),
  id: z.guid(),
  at: z.string(),
  sender: z.string(),
  kind: z.string(),
  text: z.string().optional(),
  body: Body.default({}),
  parent: z.string().optional(),
});

async function* eventsOf(
  server: Server,
  { path }: Seat,
): AsyncGenerator<Recorded & { seq: number }> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const part of await download(server, `${path}/export?format=jsonl`)) {
    const lines = (rest + decoder.decode(part, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) if (line) yield Told.parse(JSON.parse(line));
  }
  if (rest !== "") throw new PolarisError("unreachable", "The record broke off in the middle.");
}

/** For the agent: whose words these are, and what has changed around it. */
function preface(
  { project, session }: Seat,
  { driver, cwd: before }: Whole,
  { cwd, upTo, begins }: { cwd: string; upTo: number; begins: boolean },
): string {
  return [
    `Polaris tells this conversation again from its record of ${project}/${session}, up to #${upTo}.`,
    `After it ${driver ?? "somebody else"} drives.`,
    begins ? "" : "The record begins in the middle: what was said before is not in it.",
    before && before !== cwd ? `Much of it was said elsewhere (in ${before}).` : "",
    `From here on the machine is ${hostname()} and the directory ${cwd}: look at files again before you rely on them.`,
    "Secrets were taken out; thoughts and images were not kept.",
  ]
    .filter(Boolean)
    .join(" ");
}
