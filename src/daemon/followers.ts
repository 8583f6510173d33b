import type { Agent } from "../agents/agent.ts";
import type { Log } from "../lib/log.ts";
import type { Guard } from "../machine/guard/guard.ts";
import { bindingOf } from "./bindings.ts";
import { type Follower, startFollower } from "./follower.ts";
import type { Journal } from "./journal.ts";
import { unfinished } from "./tails.ts";

/** One follower per agent session that has something to follow. */
export interface Followers extends AsyncDisposable {
  /** Something happened in this session: look now. */
  poke(agentSession: string, turn?: "open" | "close"): void;
  /** Nothing to look for now; its transcript is to be watched all the same. */
  follow(agentSession: string): void;
  /** Writes down all there is and stops following. */
  finish(agentSession: string): Promise<void>;
}

export function startFollowers(needs: {
  journal: Journal;
  agents: readonly Agent[];
  guard: Guard;
  log: Log;
  ready: Promise<void>;
}): Followers {
  const { journal, agents, guard, log, ready } = needs;
  const followers = new Map<string, Follower>();

  function follow(agentSession: string): Follower | undefined {
    const running = followers.get(agentSession);
    if (running) return running;
    const bound = bindingOf(journal.db, agentSession);
    const agent = agents.find(({ name }) => name === bound?.agent);
    if (!agent) return undefined;
    const ended = () => void followers.delete(agentSession);
    const follower = startFollower({ journal, agent, guard, agentSession, log, ready, ended });
    followers.set(agentSession, follower);
    return follower;
  }

  // What a crash left: transcripts that grew meanwhile, facts that were held.
  for (const agentSession of unfinished(journal.db)) follow(agentSession);

  return {
    follow: (agentSession) => void follow(agentSession),
    poke: (agentSession, turn) => follow(agentSession)?.poke(turn),
    finish: async (agentSession) => await follow(agentSession)?.finish(),
    async [Symbol.asyncDispose]() {
      await Promise.all([...followers.values()].map((follower) => follower[Symbol.asyncDispose]()));
    },
  };
}
