import type { z } from "zod";
import { PolarisError } from "../wire/error.ts";
import type { Pause, Paused } from "../wire/local.ts";
import { type Bound, bindingOf, live } from "./bindings.ts";
import { append } from "./events.ts";
import type { Followers } from "./followers.ts";
import type { Journal } from "./journal.ts";
import { bindingView } from "./members.ts";
import { own } from "./own.ts";
import { sessionOf } from "./sessions.ts";
import { silence, speak } from "./silence.ts";
import type { Slates } from "./slates.ts";

interface Needs {
  journal: Journal;
  followers: Followers;
  slates: Pick<Slates, "close" | "look">;
  /** Takes up what hooks have left. */
  drain: () => Promise<void>;
}

/**
 * Off the record: one session, or this machine with all that runs on it and all that begins meanwhile. That there was a
 * pause is told in the session; what was said in it is written nowhere, and cannot come back by another way (a fork
 * that copies the lines, a recovery): see `forgo`.
 */
export function startPauses({ journal, followers, slates, drain }: Needs) {
  const { db } = journal;

  async function pause({ agentSession }: z.infer<typeof Pause>): Promise<Paused> {
    const wanted = agentSession === undefined ? live(db) : [recorded(agentSession)];
    const now = wanted.filter((bound) => bound.paused === 0);
    if (agentSession === undefined) await journal.write(() => silence(db));
    for (const { agent_session } of now) slates.close(agent_session);
    // What was said until now is on the record.
    await drain();
    await Promise.all(now.map((bound) => followers.finish(bound.agent_session)));
    await journal.write(() => {
      for (const bound of now) turn(bound, 1);
    });
    return answer(now);
  }

  async function resume({ agentSession }: z.infer<typeof Pause>): Promise<Paused> {
    const wanted = agentSession === undefined ? paused() : [recorded(agentSession)];
    const now = wanted.filter((bound) => bound.paused === 1);
    // What was said until now is passed over.
    await Promise.all(now.map((bound) => followers.finish(bound.agent_session)));
    await journal.write(() => {
      if (agentSession === undefined) speak(db);
      for (const bound of now) turn(bound, 0);
    });
    return answer(now);
  }

  /** Runs inside `journal.write`. */
  function turn({ agent_session, session, state }: Bound, to: 0 | 1): void {
    const known = sessionOf(db, session);
    db.query("update bindings set paused = ? where agent_session = ?").run(to, agent_session);
    // It began and ended off the record: nobody is to hear of it.
    if (!known || (known.next_pos === 1 && state === "ended")) return;
    append(db, session, [own(to ? "recording.paused" : "recording.resumed", known)]);
  }

  const paused = () =>
    db.query<Bound, []>("select * from bindings where paused = 1 and state <> 'left'").all();

  function recorded(agentSession: string): Bound {
    const bound = bindingOf(db, agentSession);
    if (bound && bound.state !== "left") return bound;
    throw new PolarisError("not_found", "This session is not being recorded.", {
      hint: "polaris status shows which are; without a session all are meant.",
    });
  }

  function answer(changed: Bound[]): Paused {
    for (const { agent_session } of changed) {
      slates.look(agent_session);
      followers.poke(agent_session);
    }
    const sessions = changed.flatMap(({ agent_session }) => bindingOf(db, agent_session) ?? []);
    return { sessions: sessions.map((bound) => bindingView(journal, bound)) };
  }

  return { pause, resume };
}

export type Pauses = ReturnType<typeof startPauses>;
