import type { Event, Kind } from "../../wire/event.ts";
import type { HookCall } from "../../wire/local.ts";
import type { Participant } from "../../wire/participant.ts";
import type { Fact, HookReading, People } from "../agent.ts";
import { defined, type Json, list, string, time } from "../fields.ts";
import { hookId } from "./ids.ts";
import { TRANSLATOR } from "./scene.ts";

/** One hook call and what its payload holds in every event. */
export interface Moment {
  call: HookCall;
  payload: Json;
  people: People;
  session: string;
  turn: string | undefined;
}

/** What one event of the agent says: its facts, and what it means for the session. */
export interface Saying extends Pick<HookReading, "start" | "turn" | "ended" | "rung" | "cwd"> {
  facts: Fact[];
}

interface Words {
  id?: string | undefined;
  index?: number;
  sender?: Participant;
  text?: string | undefined;
  body?: Json;
  raw?: string;
}

export function fact(
  { call, payload, people, turn }: Moment,
  release: Fact["release"],
  kind: Kind,
  words: Words = {},
): Fact {
  const parent = string(payload.agent_id, 128);
  const event: Event = {
    id: words.id ?? hookId(call.id, kind, words.index),
    at: time(call.at) ?? new Date(0).toISOString(),
    sender: words.sender ?? people.agent,
    kind,
    ...(words.text ? { text: words.text } : {}),
    body: defined(words.body ?? {}),
    ...(words.raw === undefined ? {} : { raw: words.raw }),
    ...(turn ? { turn } : {}),
    ...(parent ? { parent } : {}),
    source: { agent: "claude-code", translator: TRANSLATOR, via: "hook" },
  };
  return { event, release };
}

/** A notice with this text, or nothing where there is no text. */
export function notice(
  moment: Moment,
  kind: string,
  text: unknown,
  more: Record<string, unknown> = {},
  otherwise?: string,
): Saying | undefined {
  const said = string(text) ?? otherwise;
  if (!said) return undefined;
  const body = defined({ kind, ...more });
  return { facts: [fact(moment, "now", "notice", { text: said, body })] };
}

/** Background work that outlives a turn; empty lists say nothing. */
export function background(tasks: unknown): unknown[] | undefined {
  const running = list(tasks);
  return running.length ? running : undefined;
}
