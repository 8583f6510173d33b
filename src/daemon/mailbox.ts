import type { z } from "zod";
import type { Agent } from "../agents/agent.ts";
import { brief, type Log } from "../lib/log.ts";
import type { Given, Handed, Station } from "../wire/local.ts";
import type { Abreast } from "./abreast.ts";
import * as mail from "./advice.ts";
import { type Answers, startAnswers } from "./answers.ts";
import { type Asked, startAsked } from "./asked.ts";
import type { Bells } from "./bells.ts";
import type { Bound } from "./bindings.ts";
import type { Journal } from "./journal.ts";
import * as moves from "./moves.ts";
import { isTurnOpen, seatOf } from "./seat.ts";
import type { Slates } from "./slates.ts";
import { startStations } from "./stations.ts";
import { bury, isDead } from "./ways.ts";

/** The client writes into its transcript what it takes into its queue, within 0.4 s (measured); so late is never. */
const SIGN_MS = 6_000;
/** How long a way into the agent may be away (it starts, or the recorder did) before the sender is told. */
const STUCK_MS = 20_000;
/** A session's own tools come up within a second of it, and find a new recorder within two. */
const YOUNG_MS = 3_000;
/** How often a bell is rung. */
const AGAIN_MS = 5_000;
/** How long it then waits for a chance, as long as the server would. */
const PATIENCE_MS = 24 * 3_600_000;
const NOWHERE = "Nothing of Polaris runs in the session that could hand it over now.";
const BUSY = `${NOWHERE} Its agent gets it at the next chance, mostly the end of its turn; until then it can be taken back.`;
const IDLE = `${NOWHERE} Its agent is idle and gets it when it works again; until then it can be taken back.`;
/** A session's last lines reach its transcript late. */
const LAST_WORDS_MS = 3_000;

/** Delivers what was heard: chooses the way, waits for the proof, and says what came of it. */
export interface Mailbox extends AsyncDisposable {
  station(station: Station, signal: AbortSignal): Promise<Response>;
  handed(report: z.infer<typeof Handed>): Promise<{ ok: true }>;
  given(receipt: z.infer<typeof Given>): Promise<{ ok: true }>;
  /** What its agent asks for itself. */
  asked: Asked;
  /** What a hook is answered: with it goes what its agent is to read. Never for a hook that nobody waits for any more. */
  answer: Answers;
}

export function startMailbox(needs: {
  journal: Journal;
  agents: readonly Agent[];
  abreast: Abreast;
  bells: Bells;
  slates: Pick<Slates, "mustAsk">;
  log: Log;
}): Mailbox {
  const { journal, agents, abreast, bells, slates, log } = needs;
  const { db } = journal;
  const stations = startStations(() => look());
  let stuck: ReadonlySet<string> = new Set();
  let found = new Set<string>();
  // Sessions that could not be reached when this look came to them: were they a moment later, what was queued last would
  // be first there.
  const deaf = new Set<string>();
  const shut = new Set<string>();
  const isStuck = (agentSession: string) => stuck.has(agentSession);
  const answer = startAnswers({ journal, abreast, bells, stations, isStuck });
  const startedAt = Date.now();
  const rungAt = new Map<string, number>();
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
      // Asked for after its last look and before this line: advice waited for the next thing to happen, or for ever.
      if (again) look();
    });
  }

  async function pass(): Promise<void> {
    while (again && !stopped) {
      again = false;
      clearTimeout(timer);
      let next = Number.POSITIVE_INFINITY;
      found = new Set();
      deaf.clear();
      shut.clear();
      for (const advice of mail.open(db)) {
        try {
          next = Math.min(next, await step(advice));
        } catch (error) {
          log.warn("advice.waits", { injection: advice.id, error: brief(error) });
          next = Math.min(next, 5_000);
        }
      }
      stuck = found;
      slates.mustAsk(stuck);
      if (next < Number.POSITIVE_INFINITY && !stopped) {
        timer = setTimeout(look, Math.max(50, next));
        timer.unref();
      }
    }
  }

  /** Does what can be done now; answers in how many milliseconds there is more, unless something happens before. */
  async function step(advice: mail.Advice): Promise<number> {
    const bound = seatOf(db, advice.session);
    if (advice.state === "waiting" && bound?.state === "live") {
      if (!abreast.has(advice.session)) deaf.add(advice.session);
      if (deaf.has(advice.session)) return Number.POSITIVE_INFINITY;
    }
    if (bound?.state !== "live") return await over(advice);
    if (advice.state === "waiting") return await deliver(advice, bound);
    if (advice.agent_session !== bound.agent_session) return await over(advice);
    // Resumed in another process, which knows nothing of the queue of the one before.
    if (bound.at > advice.since) return await over(advice);
    if (advice.state === "taken") return Number.POSITIVE_INFINITY;
    if (advice.state === "handing") return await unsure(advice, bound);
    return await proof(advice);
  }

  async function deliver(advice: mail.Advice, bound: Bound): Promise<number> {
    if (bound.paused)
      return await fail(advice, "The session is off the record: nothing is delivered into it.");
    const agent = agents.find(({ name }) => name === bound.agent);
    if (!agent?.advice) return await fail(advice, `${bound.agent} cannot be advised.`);
    const station = shut.has(advice.session) ? undefined : stations.of(bound);
    if (!station) shut.add(advice.session);
    // What was handed over before without a sign goes no second way from here: it may only be late.
    const way = station?.ways.find(
      (one) => !isDead(db, bound.agent_session, one) && (advice.route ?? one) === one,
    );
    if (!station || !way) return await none(advice, bound);
    const to = { route: way, agentSession: bound.agent_session, station: station.id };
    const words = await journal.write(() => moves.handing(db, advice, to));
    if (!words) return 0;
    const content = way === "socket" ? agent.advice.message(words) : agent.advice.frame(words);
    const handover = {
      injection: advice.id,
      way,
      agentSession: bound.agent_session,
      content,
      meta: { sender: words.from },
    };
    if (!stations.push(station, handover)) await journal.write(() => moves.unhanded(db, advice));
    return SIGN_MS;
  }

  /**
   * No process of ours waits in there. A session that comes up, or whose recorder has, gets a moment; then its bell is
   * rung, whose hook fetches it. After that only hooks are left that run anyway, some day: the sender is told so.
   */
  async function none(advice: mail.Advice, { agent_session, at }: Bound): Promise<number> {
    const now = Date.now();
    if (!advice.stuck) {
      await journal.write(() => moves.stick(db, advice, now));
      return 0;
    }
    found.add(agent_session);
    const late = mail.lateSince(db, advice.id);
    if (late !== undefined) {
      const left = late + PATIENCE_MS - now;
      return left > 0 ? left : await fail(advice, "There was no chance to deliver it for a day.");
    }
    const age = now - Math.max(at, startedAt);
    if (age < YOUNG_MS) return YOUNG_MS - age;
    const stuckFor = now - advice.stuck;
    const canRing = !isDead(db, agent_session, "hook");
    if (canRing && stuckFor < STUCK_MS) {
      const ago = now - (rungAt.get(agent_session) ?? 0);
      if (ago < AGAIN_MS) return AGAIN_MS - ago;
      rungAt.set(agent_session, now);
      if (bells.ring(agent_session)) return AGAIN_MS;
    }
    if (stuckFor < STUCK_MS) return STUCK_MS - stuckFor;
    const reason = isTurnOpen(db, advice.session) ? BUSY : IDLE;
    await journal.write(() => moves.late(db, advice, reason));
    return PATIENCE_MS;
  }

  /** In how many milliseconds a sign is overdue. A recorder that has just begun has to read the transcript first. */
  const signDue = ({ since }: mail.Advice) => Math.max(since, startedAt) + SIGN_MS - Date.now();

  /** Whether it was written is not known: the one who was to write it has not said so. */
  async function unsure(advice: mail.Advice, bound: Bound): Promise<number> {
    const station = stations.of(bound);
    const left = signDue(advice);
    if (station && station.id === advice.station) {
      if (station.written.includes(advice.id))
        await journal.write(() => moves.handed(db, advice.id));
      // The same process writes nothing twice, so it may be asked again.
      else if (left <= 0) await journal.write(() => moves.back(db, advice));
      return SIGN_MS;
    }
    if (left > 0) return left;
    // Nor did the agent note it in all that time: nothing was written.
    await journal.write(() => moves.back(db, advice));
    return 0;
  }

  /** Handed over, and the agent has given no sign of it: that way is shut in this session, and the next is tried. */
  async function proof(advice: mail.Advice): Promise<number> {
    const left = signDue(advice);
    if (left > 0) return left;
    const { route, agent_session } = advice;
    await journal.write(() => {
      if (agent_session && route) bury(db, agent_session, route);
      if (route !== "hook") moves.back(db, advice);
      else
        moves.failed(db, advice.id, "It was handed over, and the session has given no sign of it.");
    });
    return 0;
  }

  async function over(advice: mail.Advice): Promise<number> {
    const left = advice.since + LAST_WORDS_MS - Date.now();
    if (left > 0) return left;
    return await fail(advice, "The session ended before its agent read this.");
  }

  async function fail(advice: mail.Advice, reason: string): Promise<number> {
    await journal.write(() => moves.failed(db, advice.id, reason));
    return Number.POSITIVE_INFINITY;
  }

  const commits = journal.onCommit(look);
  abreast.onMark(look);
  look();
  return {
    async station(station, signal) {
      // What it has written while nobody listened.
      await journal.write(() => {
        for (const id of station.written) moves.handed(db, id.toLowerCase());
        // It takes what it is handed one by one and says all that it has written: of the rest nothing was.
        for (const advice of mail.handedTo(db, station.id)) moves.unhanded(db, advice);
      });
      return stations.open(station, signal);
    },
    async handed({ injection, refused }) {
      const id = injection.toLowerCase();
      await journal.write(() => {
        const advice = mail.adviceOf(db, id);
        if (refused === undefined) return moves.handed(db, id);
        if (advice?.agent_session && advice.route && advice.state === "handing") {
          bury(db, advice.agent_session, advice.route);
        }
        if (advice) moves.unhanded(db, advice);
      });
      return { ok: true };
    },
    async given({ call, given }) {
      await journal.write(() => moves.given(db, call, given));
      return { ok: true };
    },
    asked: startAsked({ journal, agents, abreast }),
    answer,
    async [Symbol.asyncDispose]() {
      stopped = true;
      clearTimeout(timer);
      commits[Symbol.dispose]();
      stations.close();
    },
  };
}
