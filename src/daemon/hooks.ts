import type { Agent, HookReading, People } from "../agents/agent.ts";
import { redact } from "../machine/redact.ts";
import { PolarisError } from "../wire/error.ts";
import type { HookCall } from "../wire/local.ts";
import type { Participant } from "../wire/participant.ts";
import { type Bound, bindingOf, resolve } from "./bindings.ts";
import { append } from "./events.ts";
import type { Followers } from "./followers.ts";
import { hold } from "./held.ts";
import type { Journal } from "./journal.ts";
import { sessionOf } from "./sessions.ts";

/** The door of every hook, through the socket and through the spool. */
export interface Hooks {
  /** Resolves when what the call says is safe on disk; only then may it be answered (or its spool file deleted). */
  take(call: HookCall): Promise<{ recorded: boolean }>;
  /** A running session that nobody records, so that a join need not say where its transcript lies. Never on disk. */
  seen(agentSession: string): Seen | undefined;
}

export interface Seen {
  agent: string;
  transcript: string | undefined;
  cwd: string | undefined;
  pid: number | undefined;
}

const SEEN_LIMIT = 1_000;

export function startHooks(needs: {
  journal: Journal;
  agents: readonly Agent[];
  followers: Followers;
  driver: () => Participant;
}): Hooks {
  const { journal, agents, followers, driver } = needs;
  const { db } = journal;
  const unrecorded = new Map<string, Seen>();

  function read(agent: Agent, call: HookCall): { reading: HookReading; people: People } {
    const people: People = { driver: driver(), agent: agent.participant };
    const reading = agent.readHook(call, people);
    const bound = bindingOf(db, reading.agentSession);
    const session = bound && sessionOf(db, bound.session);
    if (!session || (session.driver === people.driver && session.agent === people.agent)) {
      return { reading, people };
    }
    // A person other than the one signed in now drives this session.
    return { reading: agent.readHook(call, session), people: session };
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
    async take(call) {
      const agent = agents.find(({ name }) => name === call.agent);
      if (!agent) {
        throw new PolarisError("invalid_input", `There is no agent "${call.agent}".`, {
          hint: `Known: ${agents.map(({ name }) => name).join(", ")}.`,
        });
      }
      const { reading, people } = read(agent, call);
      if (!reading.agentSession) return { recorded: false };
      const bound = await journal.write<Bound | undefined>(() => {
        const found = resolve(db, reading, {
          agent: agent.name,
          pid: call.pid,
          at: call.at,
          people,
          subagents: (transcript) => agent.subagentsFolder(transcript),
        });
        if (!found) return undefined;
        const first = db
          .query("insert into calls (id, at) values (?, ?) on conflict do nothing")
          .run(call.id.toLowerCase(), Date.now()).changes;
        if (first === 0) return found;
        // A start stands before what it starts, also when the transcript has grown while no recorder ran.
        const isFirst = reading.start !== undefined && sessionOf(db, found.session)?.next_pos === 1;
        const early = isFirst ? reading.facts.filter(({ release }) => release === "now") : [];
        append(
          db,
          found.session,
          early.map(({ event }) => redact(event)),
        );
        hold(
          db,
          reading.agentSession,
          reading.facts.filter((fact) => !early.includes(fact)),
        );
        return found;
      });
      if (!bound) {
        remember(call, reading);
        return { recorded: false };
      }
      unrecorded.delete(reading.agentSession);
      followers.poke(reading.agentSession, reading.turn);
      return { recorded: true };
    },
  };
}
