import type { Advisable } from "../agents/agent.ts";
import { pause } from "../lib/backoff.ts";
import type { Handover, HookAnswer, HookCall } from "../wire/local.ts";
import type { Abreast } from "./abreast.ts";
import * as mail from "./advice.ts";
import type { Bells } from "./bells.ts";
import { type Bound, bindingOf } from "./bindings.ts";
import { fitting } from "./fitting.ts";
import type { Taken } from "./hooks.ts";
import type { Journal } from "./journal.ts";
import * as moves from "./moves.ts";
import type { Stations } from "./stations.ts";
import { isDead } from "./ways.ts";

/** How long after a hook has come the transcript must stay without a sign. */
export const SETTLED_MS = 1_500;

/**
 * What a hook says beyond 10,000 characters the client moves to a file and shows its beginning (documented): of 50 pieces
 * at once the model read 8. The rest waits for the next hook; the agent's turn goes on with these.
 */
const MOST = 9_500;

/** What hooks are answered: with some of them goes what their agent is to read. */
export type Answers = (call: HookCall, taken: Taken) => Promise<HookAnswer>;

export function startAnswers({
  journal,
  abreast,
  bells,
  stations,
  isStuck,
}: {
  journal: Journal;
  abreast: Pick<Abreast, "has">;
  bells: Bells;
  stations: Pick<Stations, "of">;
  /** Whether advice waits in vain for a way into this agent session. */
  isStuck: (agentSession: string) => boolean;
}): Answers {
  const { db } = journal;
  const waiting = ({ session }: Bound) => (abreast.has(session) ? mail.waiting(db, session) : []);

  /** The first words to a session: where its bell hangs, and the brief of what it goes on with. */
  async function greeting(agentSession: string, form: Advisable): Promise<string> {
    const brief = db
      .query<{ brief: string | null }, [string]>(
        "select brief from awaited where agent_session = ?",
      )
      .get(agentSession)?.brief;
    if (!brief) return form.greeting(bells.hang(agentSession));
    const seat = db.query("delete from awaited where agent_session = ?");
    await journal.write(() => seat.run(agentSession));
    return form.greeting(bells.hang(agentSession), brief);
  }

  /**
   * A hook has come that the bell called. It is a child of the agent, so it may write into the inbox; where there is
   * none, or it was shut, it wakes the agent by itself. The same call again, because no answer came, gets the same.
   */
  async function fetched(bound: Bound, form: Advisable, { call, inbox }: From): Promise<Said> {
    await settled(bound);
    if (inbox && !isDead(db, bound.agent_session, "socket"))
      return await through(bound, form, call);
    const to = { route: "hook", agentSession: bound.agent_session, station: call } as const;
    // One at a time: what wakes the agent is one notice.
    for (const advice of [...mail.carriedBy(db, call), ...waiting(bound)]) {
      const words = await journal.write(() => moves.handing(db, advice, to));
      if (words) return { wake: form.wake(words), receipt: true };
    }
    return {};
  }

  /** Into the inbox, by a hook that is the agent's child. */
  async function through(
    bound: Bound,
    form: Advisable,
    station: string,
    all = [...mail.handedTo(db, station), ...waiting(bound)],
  ): Promise<Said> {
    const to = { route: "socket", agentSession: bound.agent_session, station } as const;
    const handovers: Handover[] = [];
    for (const advice of all) {
      const words = await journal.write(() => moves.handing(db, advice, to));
      if (!words) continue;
      const content = form.message(words);
      const { id: injection } = advice;
      const { route: way, agentSession } = to;
      handovers.push({ injection, way, agentSession, content, meta: {} });
    }
    return handovers.length > 0 ? { handovers } : {};
  }

  /**
   * What was handed over before and gave no sign may be on its way all the same, if the agent was only slow. A hook that
   * comes now shows that its process is alive and has had its turn to read what was written before; had it taken
   * something, the transcript would say so within 0.4 s (measured). What is still without a sign then was refused.
   */
  async function settled(bound: Bound): Promise<void> {
    if (waiting(bound).some(({ route }) => route !== null)) await pause(SETTLED_MS);
  }

  /**
   * A hook that runs anyway, in a session where nothing of ours does: a chance for what has no better way. There is no
   * time to wait for a sign of what was handed over before; what a hook or a tool was answered does not lie in a queue
   * outside the agent, so for that it is enough that the time has passed.
   */
  async function passing(
    bound: Bound,
    form: Advisable,
    { call, inbox, name }: From & { name: string },
  ): Promise<Said> {
    const latest = Date.now() - SETTLED_MS;
    const isSure = ({ route, since }: mail.Advice) =>
      route === null || ((route === "hook" || route === "inbox") && since < latest);
    const all = waiting(bound).filter((advice) => advice.stuck > 0 && isSure(advice));
    const isReached = stations.of(bound)?.ways.some((way) => !isDead(db, bound.agent_session, way));
    if (all.length === 0 || isReached) return {};
    if (name !== "Stop") {
      const isOpen = inbox && !isDead(db, bound.agent_session, "socket");
      return isOpen ? await through(bound, form, call, all) : {};
    }
    // The end of a turn: the agent waits for this hook, and goes on with what it says.
    const say = (some: mail.Advice[]) => form.hookOutput(name, some.map(mail.wordsOf));
    const some = fitting(all, MOST, say);
    if (some.length === 0 || say(some) === undefined) return {};
    const to = { route: "hook", agentSession: bound.agent_session, station: call } as const;
    const words = await journal.write(() =>
      some.flatMap((advice) => moves.handing(db, advice, to) ?? []),
    );
    const output = form.hookOutput(name, words);
    return output === undefined ? {} : { output, receipt: true };
  }

  return async function answer({ id, inbox }, { recorded, agent, reading }) {
    const { agentSession, name, start, rung } = reading;
    const { advice: form } = agent;
    if (!form || !agentSession) return { recorded };
    // Of a session that nobody joined nothing is kept, not even a bell.
    if (start && recorded) return { recorded, output: await greeting(agentSession, form) };
    // Nothing is said at any other moment, and a look into the journal is a tenth of a call.
    if (!rung && !isStuck(agentSession)) return { recorded };
    const bound = bindingOf(db, agentSession);
    if (bound?.state !== "live" || bound.paused) return { recorded };
    const call = id.toLowerCase();
    const said = rung
      ? await fetched(bound, form, { call, inbox })
      : await passing(bound, form, { call, inbox, name });
    return { recorded, ...said };
  };
}

interface From {
  call: string;
  inbox: boolean | undefined;
}

type Said = Pick<HookAnswer, "output" | "wake" | "handovers" | "receipt">;
