import type { Advisable } from "../agents/agent.ts";
import { pause } from "../lib/backoff.ts";
import type { Handover, HookAnswer, HookCall } from "../wire/local.ts";
import type { Abreast } from "./abreast.ts";
import * as mail from "./advice.ts";
import type { Bells } from "./bells.ts";
import { type Bound, bindingOf } from "./bindings.ts";
import type { Taken } from "./hooks.ts";
import type { Journal } from "./journal.ts";
import type { Stations } from "./stations.ts";

/** How long after a hook has come the transcript must stay without a sign. */
const SETTLED_MS = 1_500;

/**
 * What a hook says beyond 10,000 characters the client moves to a file and shows its beginning (documented): of 50 pieces
 * at once the model read 8. The rest waits for the next hook; the agent's turn goes on with these.
 */
const MOST = 9_500;

/** The first that can be said together; none where nothing would be shown. */
function fitting<T>(all: T[], say: (some: T[]) => string | undefined): T[] {
  const isTooLong = (some: T[]) => some.length > 1 && (say(some)?.length ?? 0) > MOST;
  const some = [...all];
  while (isTooLong(some)) some.pop();
  return some.length === 0 || say(some) === undefined ? [] : some;
}

/** What hooks are answered: with some of them goes what their agent is to read. */
export type Answers = (call: HookCall, taken: Taken) => Promise<HookAnswer>;

export function startAnswers({
  journal,
  abreast,
  bells,
  stations,
}: {
  journal: Journal;
  abreast: Pick<Abreast, "has">;
  bells: Bells;
  stations: Pick<Stations, "of">;
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
   * none, or it was shut, it wakes the agent by itself.
   */
  async function fetched(
    bound: Bound,
    form: Advisable,
    { call, inbox }: { call: string; inbox: boolean | undefined },
  ): Promise<Pick<HookAnswer, "wake" | "handovers">> {
    const { agent_session } = bound;
    const isOpen = inbox && !mail.isDead(db, agent_session, "socket");
    await settled(bound);
    const handovers: Handover[] = [];
    for (const advice of waiting(bound)) {
      const route = isOpen ? "socket" : "hook";
      const to = { route, agentSession: agent_session, station: call } as const;
      const words = await journal.write(() => {
        if (!mail.handing(db, advice, to)) return undefined;
        if (!isOpen) mail.handed(db, advice.id);
        return mail.wordsOf(mail.adviceOf(db, advice.id) ?? advice);
      });
      if (!words) continue;
      // One at a time: what wakes the agent is one notice.
      if (!isOpen) return { wake: form.wake(words) };
      const content = form.message(words);
      const { id: injection } = advice;
      handovers.push({ injection, way: "socket", agentSession: agent_session, content, meta: {} });
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

  /** The end of a turn, where the agent waits for our hook anyway: only what has no better way is said here. */
  async function closing(bound: Bound, form: Advisable, name: string): Promise<string | undefined> {
    // Not what may be on its way: here is no time to wait for a sign of it.
    const here = waiting(bound).filter(({ stuck, route }) => stuck > 0 && route === null);
    const all = fitting(here, (some) => form.hookOutput(name, some.map(mail.wordsOf)));
    if (all.length === 0) return undefined;
    if (stations.of(bound)?.ways.length) return undefined;
    const to = { route: "hook", agentSession: bound.agent_session } as const;
    const words = await journal.write(() =>
      all.flatMap((advice) => {
        if (!mail.handing(db, advice, to)) return [];
        mail.handed(db, advice.id);
        return mail.wordsOf(mail.adviceOf(db, advice.id) ?? advice);
      }),
    );
    return form.hookOutput(name, words);
  }

  return async function answer({ id, inbox }, { recorded, agent, reading }) {
    const { agentSession, name, start, rung, ended } = reading;
    const { advice: form } = agent;
    if (!form || !agentSession) return { recorded };
    if (ended) bells.remove(agentSession);
    // Of a session that nobody joined nothing is kept, not even a bell.
    if (start && recorded) return { recorded, output: await greeting(agentSession, form) };
    // Nothing is said at any other moment, and a look into the journal is a tenth of a call.
    if (!rung && name !== "Stop") return { recorded };
    const bound = bindingOf(db, agentSession);
    if (bound?.state !== "live" || bound.paused) return { recorded };
    if (rung) return { recorded, ...(await fetched(bound, form, { call: id, inbox })) };
    const output = await closing(bound, form, name);
    return output ? { recorded, output } : { recorded };
  };
}
