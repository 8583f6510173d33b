import type { z } from "zod";
import type { Advisable, Agent, HookReading } from "../agents/agent.ts";
import { brief, type Log } from "../lib/log.ts";
import type { Handed, Station } from "../wire/local.ts";
import * as mail from "./advice.ts";
import type { Bound } from "./bindings.ts";
import type { Journal } from "./journal.ts";
import { isTurnOpen, seatOf } from "./seat.ts";
import { startStations } from "./stations.ts";

/** The client writes into its transcript what it takes into its queue, within 0.4 s (measured); so late is never. */
const SIGN_MS = 10_000;
/** How long a way into the agent may be away (it starts, or the recorder did) before the sender is told. */
const STUCK_MS = 20_000;
/** A session's last lines reach its transcript late. */
const LAST_WORDS_MS = 3_000;

/** Delivers what was heard: chooses the way, waits for the proof, and says what came of it. */
export interface Mailbox extends AsyncDisposable {
  station(station: Station, signal: AbortSignal): Promise<Response>;
  handed(report: z.infer<typeof Handed>): Promise<{ ok: true }>;
  /** What this hook is to print; its caller hands it over. Runs inside `journal.write`. */
  speak(bound: Bound, reading: HookReading, advice: Advisable | undefined): string | undefined;
}

export function startMailbox(needs: {
  journal: Journal;
  agents: readonly Agent[];
  log: Log;
}): Mailbox {
  const { journal, agents, log } = needs;
  const { db } = journal;
  const stations = startStations(() => look());
  let running = false;
  let again = false;
  let stopped = false;
  let timer: Timer | undefined;

  /** Whatever happened, one look at all that is open: it is little, and what is to be done follows from what stands there. */
  function look(): void {
    again = true;
    if (running || stopped) return;
    running = true;
    void pass().finally(() => {
      running = false;
    });
  }

  async function pass(): Promise<void> {
    while (again && !stopped) {
      again = false;
      clearTimeout(timer);
      let next = Number.POSITIVE_INFINITY;
      for (const advice of mail.open(db)) {
        try {
          next = Math.min(next, await step(advice));
        } catch (error) {
          log.warn("advice.waits", { injection: advice.id, error: brief(error) });
          next = Math.min(next, 5_000);
        }
      }
      if (next < Number.POSITIVE_INFINITY && !stopped) {
        timer = setTimeout(look, Math.max(50, next));
        timer.unref();
      }
    }
  }

  /** Does what can be done now; answers in how many milliseconds there is more, unless something happens before. */
  async function step(advice: mail.Advice): Promise<number> {
    const bound = seatOf(db, advice.session);
    if (!bound || bound.state !== "live") return await over(advice);
    if (advice.state === "waiting") return await deliver(advice, bound);
    if (advice.agent_session !== bound.agent_session) return await over(advice);
    if (advice.state === "taken") return Number.POSITIVE_INFINITY;
    if (advice.state === "handing") return await unsure(advice, bound);
    return await proof(advice);
  }

  async function deliver(advice: mail.Advice, bound: Bound): Promise<number> {
    if (bound.paused)
      return await fail(advice, "The session is off the record: nothing is delivered into it.");
    const agent = agents.find(({ name }) => name === bound.agent);
    if (!agent?.advice) return await fail(advice, `${bound.agent} cannot be advised.`);
    const station = stations.of(bound);
    const way = station?.ways.find((one) => !mail.isDead(db, bound.agent_session, one));
    if (!station || !way) return await none(advice, bound);
    const to = { route: way, agentSession: bound.agent_session, station: station.id };
    if (!(await journal.write(() => mail.handing(db, advice, to)))) return 0;
    // The words may have been edited until the line above.
    const words = mail.wordsOf(mail.adviceOf(db, advice.id) ?? advice);
    const content = agent.advice.message(words);
    const handover = {
      injection: advice.id,
      way,
      agentSession: bound.agent_session,
      content,
      meta: {},
    };
    if (!stations.push(station, handover)) await journal.write(() => mail.back(db, advice));
    return SIGN_MS;
  }

  /** No way in: a hook may come while the agent works; an idle one is not heard of until somebody types. */
  async function none(advice: mail.Advice, bound: Bound): Promise<number> {
    if (isTurnOpen(db, advice.session)) {
      if (advice.stuck) await journal.write(() => mail.stick(db, advice, 0));
      return Number.POSITIVE_INFINITY;
    }
    if (!advice.stuck) {
      await journal.write(() => mail.stick(db, advice, Date.now()));
      return STUCK_MS;
    }
    const left = advice.stuck + STUCK_MS - Date.now();
    if (left > 0) return left;
    const dead = mail.isDead(db, bound.agent_session, "socket");
    return await fail(
      advice,
      dead
        ? "The session does not take messages: its inbox is set to hold or refuse them."
        : "The session is idle and Polaris's tools do not run in it, so nothing can wake it. It can be reached while its agent works.",
    );
  }

  /** Whether it was written is not known: the one who was to write it has not said so. */
  async function unsure(advice: mail.Advice, bound: Bound): Promise<number> {
    const station = stations.of(bound);
    const left = advice.since + SIGN_MS - Date.now();
    if (station && station.id === advice.station) {
      if (station.written.includes(advice.id))
        await journal.write(() => mail.handed(db, advice.id));
      // The same process writes nothing twice, so it may be asked again.
      else if (left <= 0) await journal.write(() => mail.back(db, advice));
      return SIGN_MS;
    }
    if (left > 0) return left;
    // Nor did the agent note it in all that time: nothing was written.
    await journal.write(() => mail.back(db, advice));
    return 0;
  }

  /** Handed over, and the agent has given no sign of it. */
  async function proof(advice: mail.Advice): Promise<number> {
    const left = advice.since + SIGN_MS - Date.now();
    if (left > 0) return left;
    await journal.write(() => {
      if (advice.agent_session && advice.route) mail.bury(db, advice.agent_session, advice.route);
      mail.failed(
        db,
        advice.id,
        "It was handed over and the session gave no sign of it: its inbox may be set to hold or refuse messages.",
      );
    });
    return Number.POSITIVE_INFINITY;
  }

  async function over(advice: mail.Advice): Promise<number> {
    const left = advice.since + LAST_WORDS_MS - Date.now();
    if (left > 0) return left;
    return await fail(advice, "The session ended before its agent read this.");
  }

  async function fail(advice: mail.Advice, reason: string): Promise<number> {
    await journal.write(() => mail.failed(db, advice.id, reason));
    return Number.POSITIVE_INFINITY;
  }

  const commits = journal.onCommit(look);
  look();
  return {
    async station(station, signal) {
      // What it has written while nobody listened.
      await journal.write(() => {
        for (const id of station.written) mail.handed(db, id.toLowerCase());
      });
      return stations.open(station, signal);
    },
    async handed({ injection, refused }) {
      const id = injection.toLowerCase();
      await journal.write(() => {
        const advice = mail.adviceOf(db, id);
        if (refused === undefined) return mail.handed(db, id);
        if (advice?.agent_session && advice.route && advice.state === "handing") {
          mail.bury(db, advice.agent_session, advice.route);
        }
        if (advice) mail.back(db, advice);
      });
      return { ok: true };
    },
    speak: () => undefined,
    async [Symbol.asyncDispose]() {
      stopped = true;
      clearTimeout(timer);
      commits[Symbol.dispose]();
      stations.close();
    },
  };
}
