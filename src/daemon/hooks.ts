import { join } from "node:path";
import type { Agent, Fact, HookReading, People } from "../agents/agent.ts";
import { privateFolder, writeAtomic } from "../lib/file.ts";
import { repositoryOf } from "../machine/git.ts";
import type { Guard } from "../machine/guard/guard.ts";
import { PolarisError } from "../wire/error.ts";
import type { HookCall } from "../wire/local.ts";
import type { Accounts } from "./accounts.ts";
import { type Bound, resolve } from "./bindings.ts";
import { checker, note, type Unsure } from "./check.ts";
import type { Followers } from "./followers.ts";
import { hold } from "./held.ts";
import type { Journal } from "./journal.ts";
import { peopleOf } from "./sessions.ts";

/** The door of every hook, through the socket and through the spool. */
export interface Hooks {
  /** Resolves when what the call says is safe on disk; only then may it be answered (or its spool file deleted). */
  take(call: HookCall): Promise<Taken>;
  /** A running session that nobody records, so that a join need not say where its transcript lies. Never on disk. */
  seen(agentSession: string): Seen | undefined;
  /** The session that nobody records in this process of an agent; the latest to come. */
  seenIn(pid: number): string | undefined;
}

export interface Taken {
  recorded: boolean;
  agent: Agent;
  reading: HookReading;
}

export interface Seen {
  agent: string;
  transcript: string | undefined;
  cwd: string | undefined;
  pid: number | undefined;
}

/** What a call left to be done: a look at the transcript, or nothing. */
interface Left {
  look: boolean;
  bound: Bound;
}

const SEEN_LIMIT = 1_000;

/** A start says whose conversation it is, and which session it goes on from. */
function started(fact: Fact, more: { agentSession: string; continues?: string }): Fact {
  if (fact.event.kind !== "session.start") return fact;
  return { ...fact, event: { ...fact.event, body: { ...fact.event.body, ...more } } };
}

export function startHooks(needs: {
  journal: Journal;
  agents: readonly Agent[];
  followers: Followers;
  guard: Guard;
  /** Where calls go that could not be checked for secrets. */
  unchecked: string;
  home: Accounts["home"];
  /** What a call said of its session is written down; nobody has been answered yet. */
  heard: (reading: HookReading, bound: Bound | undefined) => void;
}): Hooks {
  const { journal, agents, followers, guard, unchecked, home, heard } = needs;
  const { db } = journal;
  const unrecorded = new Map<string, Seen>();

  /** The facts in the name of those who speak in this session; usually the people signed in now. */
  function factsOf(
    agent: Agent,
    call: HookCall,
    reading: HookReading,
    people: People,
    bound: Bound,
    continues: string | undefined,
  ): Fact[] {
    const session = peopleOf(db, bound.session);
    const isOurs = !session || (session.driver === people.driver && session.agent === people.agent);
    const { facts } = isOurs ? reading : agent.readHook(call, session);
    const { agentSession } = reading;
    const more = { agentSession, ...(continues ? { continues } : {}) };
    return facts.map((fact) => started(fact, more));
  }

  /** What cannot be checked has no second copy as a line of a transcript has: its call is kept aside as it came. */
  function record(
    bound: Bound,
    facts: Fact[],
    call: HookCall,
    subagents: (transcript: string) => string | undefined,
  ): boolean {
    const unsure: Unsure[] = [];
    const waits = hold(db, bound, facts, checker(guard, bound.cwd, unsure), subagents);
    if (unsure.length === 0) return waits;
    const path = join(privateFolder(unchecked), `${call.id.toLowerCase()}.json`);
    writeAtomic(path, JSON.stringify(call));
    note(db, guard, { agent_session: bound.agent_session, path }, unsure);
    return waits;
  }

  function remember(call: HookCall, reading: HookReading): void {
    unrecorded.delete(reading.agentSession);
    unrecorded.set(reading.agentSession, {
      agent: call.agent,
      transcript: reading.transcript,
      cwd: reading.cwd,
      pid: call.pid,
    });
    const oldest = unrecorded.keys().next();
    if (unrecorded.size > SEEN_LIMIT && !oldest.done) unrecorded.delete(oldest.value);
  }

  return {
    seen: (agentSession) => unrecorded.get(agentSession),
    seenIn: (pid) => [...unrecorded].findLast(([, seen]) => seen.pid === pid)?.[0],
    async take(call) {
      const agent = agents.find(({ name }) => name === call.agent);
      if (!agent) {
        throw new PolarisError("invalid_input", `There is no agent "${call.agent}".`, {
          hint: `Known: ${agents.map(({ name }) => name).join(", ")}.`,
        });
      }
      const people: People = { driver: home().driver, agent: agent.participant };
      const reading = agent.readHook(call, people);
      const answer = (recorded: boolean): Taken => ({ recorded, agent, reading });
      if (!reading.agentSession) return answer(false);
      const subagents = (transcript: string) => agent.subagentsFolder(transcript);
      const taken = await journal.write<Left | undefined>(() => {
        const found = resolve(db, reading, {
          agent: agent.name,
          pid: call.pid,
          at: call.at,
          people,
          home,
          subagents,
          repository: repositoryOf,
        });
        if (!found) return undefined;
        const { bound, changed, continues } = found;
        if (bound.paused) return { look: true, bound };
        const first = db
          .query("insert into calls (id, at) values (?, ?) on conflict do nothing")
          .run(call.id.toLowerCase(), Date.now()).changes;
        if (first === 0) return { look: true, bound };
        const facts = factsOf(agent, call, reading, people, bound, continues);
        return { look: record(bound, facts, call, subagents) || changed, bound };
      });
      heard(reading, taken?.bound);
      if (!taken) {
        remember(call, reading);
        return answer(false);
      }
      unrecorded.delete(reading.agentSession);
      if (taken.look || reading.turn) followers.poke(reading.agentSession, reading.turn);
      else followers.follow(reading.agentSession);
      return answer(!taken.bound.paused);
    },
  };
}
