/**
 * Turns the flat row of events into what is read: turns, each opened by a prompt; a tool call and its result as one
 * item; a subagent's events as one lane. Items are changed in place and count a `version`, so that a page of
 * thousands of items redraws only the few that an event touches.
 */
import type { StoredEvent } from "../../wire/event.ts";
import { field, text } from "./field.ts";

interface Versioned {
  key: string;
  version: number;
}

export interface Single extends Versioned {
  type: "event";
  event: StoredEvent;
  /** A permission request that nobody has answered yet. */
  waiting?: boolean;
}

export interface Tool extends Versioned {
  type: "tool";
  call?: StoredEvent;
  result?: StoredEvent;
  decision?: StoredEvent;
}

export interface Question extends Versioned {
  type: "question";
  asked?: StoredEvent;
  answered?: StoredEvent;
}

export interface Advice extends Versioned {
  type: "advice";
  advice: StoredEvent;
  receipts: StoredEvent[];
}

export interface Lane extends Versioned {
  type: "lane";
  agentId: string;
  start?: StoredEvent;
  end?: StoredEvent;
  items: Item[];
}

export type Item = Single | Tool | Question | Advice | Lane;

export interface Turn extends Versioned {
  /** Absent for what happened before the first prompt at hand. */
  prompt?: StoredEvent;
  items: Item[];
  tokens: number;
}

export interface Folded {
  turns: Turn[];
  /** Input and output tokens of every usage event at hand. */
  tokens: { input: number; output: number; cached: number; costUsd: number };
  add(event: StoredEvent): void;
}

export function fold(events: readonly StoredEvent[] = []): Folded {
  const turns: Turn[] = [];
  const tokens = { input: 0, output: 0, cached: 0, costUsd: 0 };
  const tools = new Map<string, Place<Tool>>();
  const questions = new Map<string, Place<Question>>();
  const advices = new Map<string, Place<Advice>>();
  const lanes = new Map<string, Place<Lane>>();
  let waiting: Place<Single> | undefined;

  const folded: Folded = { turns, tokens, add };
  for (const event of events) add(event);
  return folded;

  function add(event: StoredEvent): void {
    if (event.kind === "usage") return count(event);
    if (opensTurn(event)) {
      settle();
      turns.push({ key: `t${event.seq}`, version: 0, prompt: event, items: [], tokens: 0 });
      return;
    }
    const callId = text(event.body.callId);
    if (callId && (event.kind === "tool.call" || event.kind === "tool.result")) {
      if (event.kind === "tool.result") settle();
      return tool(event, callId);
    }
    if (callId && event.kind === "permission.decision") {
      settle();
      const place = tools.get(callId);
      if (place) return change(place, { decision: event });
    }
    if (callId && event.kind.startsWith("question.")) return question(event, callId);
    if (event.kind === "injection.queued" || isInjected(event)) return advice(event);
    if (event.kind.startsWith("injection.") && receipt(event)) return;
    if (event.kind === "subagent.start" || event.kind === "subagent.end") return bound(event);
    if (event.kind === "turn.end" || event.kind === "session.end") settle();
    const place = put<Single>(event, { key: keyOf(event), version: 0, type: "event", event });
    if (event.kind === "permission.request") {
      settle();
      place.item.waiting = true;
      waiting = place;
    }
  }

  function tool(event: StoredEvent, callId: string): void {
    const part = event.kind === "tool.call" ? { call: event } : { result: event };
    const place = tools.get(callId);
    if (place) return change(place, part);
    const item: Tool = { key: keyOf(event), version: 0, type: "tool", ...part };
    tools.set(callId, put(event, item));
  }

  function question(event: StoredEvent, callId: string): void {
    const part = event.kind === "question.asked" ? { asked: event } : { answered: event };
    const place = questions.get(callId);
    if (place) return change(place, part);
    const item: Question = { key: keyOf(event), version: 0, type: "question", ...part };
    questions.set(callId, put(event, item));
  }

  /** What was queued and what then reached the agent are one piece of advice. */
  function advice(event: StoredEvent): void {
    const id = injectionOf(event);
    const place = advices.get(id);
    if (place) return change(place, { receipts: [...place.item.receipts, event] });
    const item: Advice = {
      key: keyOf(event),
      version: 0,
      type: "advice",
      advice: event,
      receipts: [],
    };
    advices.set(id, put(event, item));
  }

  function receipt(event: StoredEvent): boolean {
    const place = advices.get(injectionOf(event));
    if (place) change(place, { receipts: [...place.item.receipts, event] });
    return place !== undefined;
  }

  function bound(event: StoredEvent): void {
    const agentId = text(event.body.agentId) || event.parent || event.id;
    const place = lane(event, agentId);
    change(place, event.kind === "subagent.start" ? { start: event } : { end: event });
  }

  function lane(event: StoredEvent, agentId: string): Place<Lane> {
    const known = lanes.get(agentId);
    if (known) return known;
    const item: Lane = { key: keyOf(event), version: 0, type: "lane", agentId, items: [] };
    const turn = current();
    turn.items.push(item);
    turn.version++;
    const place = { item, above: [turn] };
    lanes.set(agentId, place);
    return place;
  }

  function put<T extends Item>(event: StoredEvent, item: T): Place<T> {
    if (event.parent) {
      const { item: inside, above } = lane(event, event.parent);
      inside.items.push(item);
      return touched({ item, above: [inside, ...above] });
    }
    const turn = current();
    turn.items.push(item);
    return touched({ item, above: [turn] });
  }

  function current(): Turn {
    const last = turns.at(-1);
    if (last) return last;
    const first: Turn = { key: "t0", version: 0, items: [], tokens: 0 };
    turns.push(first);
    return first;
  }

  function settle(): void {
    if (waiting) change(waiting, { waiting: false });
    waiting = undefined;
  }

  function count(event: StoredEvent): void {
    const input = field.number(event.body.inputTokens) + field.number(event.body.cacheWriteTokens);
    const output = field.number(event.body.outputTokens);
    tokens.input += input;
    tokens.output += output;
    tokens.cached += field.number(event.body.cacheReadTokens);
    tokens.costUsd += field.number(event.body.costUsd);
    const turn = turns.at(-1);
    if (!turn) return;
    turn.tokens += input + output;
    turn.version++;
    // The turn's sum stands in its last line.
    const end = turn.items.at(-1);
    if (end) end.version++;
  }
}

/** An item and what encloses it: each has to redraw when the item changes. */
interface Place<T extends Item> {
  item: T;
  above: Versioned[];
}

function change<T extends Item>(place: Place<T>, part: Partial<T>): void {
  Object.assign(place.item, part);
  place.item.version++;
  touched(place);
}

function touched<T extends Item>(place: Place<T>): Place<T> {
  for (const outer of place.above) outer.version++;
  return place;
}

const keyOf = (event: StoredEvent): string => `e${event.seq}`;

/** A person's own prompt opens a turn; advice and the system's messages stand inside one. */
export function opensTurn(event: StoredEvent): boolean {
  if (event.kind !== "user.message" || event.parent) return false;
  const origin = text(event.body.origin);
  return origin !== "injected" && origin !== "system";
}

const isInjected = (event: StoredEvent): boolean =>
  event.kind === "user.message" && event.body.origin === "injected";

const injectionOf = (event: StoredEvent): string => text(event.body.injection) || event.id;
