import type { Database } from "bun:sqlite";
import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import type { Agent, Memory } from "../agents/agent.ts";
import { quoted } from "../lib/shell.ts";
import { lackOf } from "../wire/check.ts";
import type { Join, Offer } from "../wire/local.ts";
import type { Home } from "./accounts.ts";
import type { Bound } from "./bindings.ts";
import { lifeOf } from "./gone.ts";
import { lineEnd, readLines } from "./lines.ts";
import type { Seat } from "./seats.ts";
import { describe, findTranscripts } from "./transcripts.ts";
import type { Upstream } from "./upstream.ts";

/** A transcript on this machine that tells a session up to its last word. */
interface Own {
  agentSession: string;
  path: string;
  cwd: string;
  /** It is open in an agent now: a second one beside it would write into the same conversation. */
  runs: boolean | undefined;
}

export interface Offered {
  offer: Offer;
  /** Whose transcript it is. */
  agentSession?: string;
}

const CONVERSATION = "user.message,agent.message,tool.call,tool.result";
/** Enough to find the last thing that the agent's own transcript has told. */
const LATEST = 50;

const Latest = z.looseObject({
  items: z.array(
    z.looseObject({
      id: z.guid(),
      parent: z.string().optional(),
      body: z.looseObject({ agentSession: z.guid().optional().catch(undefined) }),
      source: z.looseObject({ via: z.string() }),
    }),
  ),
});

/** Looks for a way to go on with a session's own conversation here, for whoever takes it over. */
export function startOffers({ db, upstream }: { db: Database; upstream: Upstream }) {
  return async function offer(
    wish: z.infer<typeof Join>,
    here: Home,
    agent: Agent,
    seat: Seat,
  ): Promise<Offered | null> {
    const { project, name } = wish;
    if (!agent.resumes || seat.lastSeq === 0 || name === undefined) return null;
    const path = `/projects/${project}/sessions/${name}/messages?order=desc&limit=${LATEST}`;
    const [said, begun] = await Promise.all(
      [CONVERSATION, "session.joined,session.start"].map((kinds) =>
        upstream(here, { path: `${path}&kinds=${kinds}` }, Latest),
      ),
    );
    const last = said?.items.find(
      ({ parent, source }) => parent === undefined && TOLD.has(source.via),
    );
    if (!last) return null;
    const named = (begun?.items ?? []).flatMap(({ body }) => body.agentSession ?? []);
    const own = await find(agent, wish, { last: last.id, session: seat.id, named });
    if (own && own.agentSession === wish.agentSession) return null;
    if (own) {
      const { agentSession, cwd, runs } = own;
      const command = `cd ${quoted(cwd)} && ${agent.resumes.command(agentSession)}`;
      return { offer: possible("transcript", command, runs), agentSession };
    }
    const why = seat.completeness && lackOf(seat.completeness);
    if (why) return { offer: impossible(why) };
    return { offer: possible("record", `polaris join ${project} ${name} --continue`) };
  };

  /** Only a file that tells the session's last word is its conversation, whatever it is called. */
  async function find(
    agent: Agent,
    { transcripts }: z.infer<typeof Join>,
    { last, session, named }: { last: string; session: string; named: string[] },
  ): Promise<Own | undefined> {
    const bound = db
      .query<Bound & { transcript: string }, [string]>(
        "select * from bindings where session = ? and transcript is not null order by at desc",
      )
      .all(session);
    const known = new Map(bound.map((one) => [one.agent_session, one.transcript]));
    const wanted = new Set(named);
    for (const path of wanted.size > 0 && transcripts ? findTranscripts(transcripts) : []) {
      const id = wanted.values().find((one) => path.endsWith(`/${one}.jsonl`));
      if (id) known.set(id, path);
    }
    for (const [agentSession, path] of known) {
      if (!existsSync(path) || !(await tells(agent, path, last))) continue;
      const cwd = (await describe(agent, path))?.cwd;
      // The agent finds a conversation by the directory it was begun in.
      if (!cwd || !path.endsWith(join("/", agent.resumes?.path(cwd, agentSession) ?? ""))) continue;
      const mine = bound.find(({ agent_session }) => agent_session === agentSession);
      return { agentSession, path, cwd, runs: mine && lifeOf(mine).is === "running" };
    }
    return undefined;
  }
}

function possible(from: "transcript" | "record", command: string, runs = false): Offer {
  const whose =
    from === "transcript" ? "lies on this machine" : "can be told again from the record";
  const first = runs ? " It is still open in an agent here: end that one first." : "";
  const text = `The agent's own conversation ${whose}.${first} To go on with it instead, outside of an agent:\n\n  ${command}`;
  return { from, command, why: null, text };
}

const impossible = (why: string): Offer => ({
  from: "none",
  command: null,
  why,
  text: `The agent's own conversation cannot go on here: ${why}.`,
});

const TOLD = new Set(["transcript", "import"]);

/** Its last word stands near the end of a transcript, if it stands there at all. */
const NEAR = 4 * 1024 * 1024;

async function tells(agent: Agent, path: string, id: string): Promise<boolean> {
  const end = statSync(path).size;
  const near = end > NEAR ? lineEnd(path, end - NEAR) : 0;
  return (await tellsIn(agent, path, id, near, end)) || (await tellsIn(agent, path, id, 0, near));
}

async function tellsIn(
  agent: Agent,
  path: string,
  id: string,
  from: number,
  to: number,
): Promise<boolean> {
  const people = { driver: null, agent: agent.participant };
  const memory: Memory = {};
  for (let at = from; at < to; ) {
    const step = await readLines(path, at, to);
    if (step.next === at) return false;
    for (const { text } of step.lines) {
      if (agent.readLine(text, people, memory).some((event) => event.id === id)) return true;
    }
    at = step.next;
  }
  return false;
}
