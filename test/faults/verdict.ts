import type { StoredEvent } from "../../src/wire/event.ts";
import type { Session } from "../../src/wire/session.ts";
import type { Written } from "./writer.ts";

/** What is wrong with one session as the server has it; all zero when nothing is. */
export interface Verdict {
  name: string;
  said: number;
  stored: number;
  lost: number;
  twice: number;
  /** Events that nobody said. */
  strange: number;
  /** Places where an event stands that said another one there. */
  moved: number;
  /** What only hooks tell: start and end of the session, ends of turns. Missing, doubled or before what they end. */
  facts: number;
  /** Counters of the session that do not agree with its events. */
  counters: number;
}

const FACTS = new Set(["session.start", "session.end", "turn.end"]);
const keyOf = ({ kind, text }: StoredEvent): string => `${kind} ${text ?? ""}`;

/** Compares what a session has said with what the server holds of it, by order of `seq`. */
export function judge(
  { name, said, ended }: Written,
  log: StoredEvent[],
  sessions: Session[],
): Verdict {
  const mine = new Set(said.map(({ key }) => key));
  const id = log.find((event) => mine.has(keyOf(event)))?.session;
  const events = log.filter(({ session }) => session === id);
  const spoken = events.filter(({ kind }) => !FACTS.has(kind));
  const keys = spoken.map(keyOf);
  const got = new Set(keys);
  const kept = [...got].filter((key) => mine.has(key));
  const order = said.map(({ key }) => key).filter((key) => got.has(key));
  const session = sessions.find((one) => one.id === id);
  const calls = said.filter(({ key }) => key.startsWith("tool.call")).length;
  return {
    name,
    said: said.length,
    stored: events.length,
    lost: said.filter(({ key }) => !got.has(key)).length,
    twice: keys.length - got.size,
    strange: keys.filter((key) => !mine.has(key)).length,
    moved: order.filter((key, at) => kept[at] !== key).length,
    facts: factsOf(events, ended),
    counters:
      Number(session?.prompts !== ended.length) +
      Number(session?.toolCalls !== calls) +
      Number(session?.state !== "finished") +
      Number(session?.lastSeq !== events.at(-1)?.seq),
  };
}

function factsOf(events: StoredEvent[], ended: string[]): number {
  const of = (kind: string) => events.filter((event) => event.kind === kind);
  let wrong = Math.abs(of("session.start").length - 1) + Math.abs(of("session.end").length - 1);
  if (events[0]?.kind !== "session.start") wrong++;
  if (events.at(-1)?.kind !== "session.end") wrong++;
  for (const turn of ended) {
    const ends = of("turn.end").filter((event) => event.turn === turn);
    wrong += Math.abs(ends.length - 1);
    const last = events.findLast((event) => event.turn === turn && event.kind !== "turn.end");
    if ((ends[0]?.seq ?? 0) < (last?.seq ?? 0)) wrong++;
  }
  return wrong + Math.abs(of("turn.end").length - ended.length);
}

/** How many numbers are not 1, 2, 3 … in this order. */
export const gaps = (numbers: number[], length: number): number =>
  numbers.filter((seq, at) => seq !== at + 1).length + Math.abs(length - numbers.length);

export const isClean = (verdict: Verdict): boolean =>
  verdict.lost +
    verdict.twice +
    verdict.strange +
    verdict.moved +
    verdict.facts +
    verdict.counters ===
  0;
