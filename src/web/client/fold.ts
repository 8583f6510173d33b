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
  costUsd: number;
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
  /** The costs of the messages at hand, and the agent's own total, which knows requests that no message shows. */
  const cost = { sum: 0, total: 0 };
  const tools = new Map<string, Place<Tool>>();
  const questions = new Map<string, Place<Question>>();
  const advices = new Map<string, Place<Advice>>();
  const lanes = new Map<string, Place<Lane>>();
  let waiting: Place<Single> | undefined;

  const folded: Folded = { turns, tokens, add };
  for (const event of events) add(event);
  return folded;

  function add(event: StoredEvent): void {
    const { kind, body } = event;
    const callId = text(body.callId);
    if (SETTLES.has(kind) || opensTurn(event)) settle();
    if (kind === "usage") count(event);
    else if (opensTurn(event)) {
      turns.push({
        key: `t${event.seq}`,
        version: 0,
        prompt: event,
        items: [],
        tokens: 0,
        costUsd: 0,
      });
    } else if (callId && (kind === "tool.call" || kind === "tool.result")) {
      const part = kind === "tool.call" ? { call: event } : { result: event };
      join(tools, callId, event, part, { ...fresh(event), type: "tool" });
    } else if (callId && kind === "permission.decision" && tools.has(callId)) {
      change(tools.get(callId), { decision: event });
    } else if (callId && (kind === "question.asked" || kind === "question.answered")) {
      const part = kind === "question.asked" ? { asked: event } : { answered: event };
      join(questions, callId, event, part, { ...fresh(event), type: "question" });
    } else if (kind.startsWith("injection.") || isInjected(event)) advice(event);
    else if (kind === "subagent.start" || kind === "subagent.end") {
      const place = lane(event, text(body.agentId) || event.parent || event.id);
      change(place, kind === "subagent.start" ? { start: event } : { end: event });
    } else single(event);
  }

  /** Adds to the item with this id, or puts a new one where the event stands. */
  function join<T extends Item>(
    places: Map<string, Place<T>>,
    id: string,
    event: StoredEvent,
    part: Partial<T>,
    item: T,
  ): void {
    const place = places.get(id) ?? put(event, item);
    places.set(id, place);
    change(place, part);
  }

  /** What was queued, what then reached the agent and every receipt are one piece of advice. */
  function advice(event: StoredEvent): void {
    const id = text(event.body.injection) || event.id;
    const known = advices.get(id);
    if (known) change(known, { receipts: [...known.item.receipts, event] });
    else if (event.kind !== "injection.queued" && !isInjected(event)) single(event);
    else
      advices.set(id, put(event, { ...fresh(event), type: "advice", advice: event, receipts: [] }));
  }

  function single(event: StoredEvent): void {
    const place = put<Single>(event, { ...fresh(event), type: "event", event });
    if (event.kind !== "permission.request") return;
    place.item.waiting = true;
    waiting = place;
  }

  function lane(event: StoredEvent, agentId: string): Place<Lane> {
    const known = lanes.get(agentId);
    if (known) return known;
    const item: Lane = { ...fresh(event), type: "lane", agentId, items: [] };
    // A subagent of a subagent stands inside its lane; an agent that names itself as its parent does not.
    const outer = event.parent && event.parent !== agentId ? lane(event, event.parent) : undefined;
    const [inside, above] = outer ? [outer.item, [outer.item, ...outer.above]] : top();
    inside.items.push(item);
    const place = touched({ item, above });
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

  function top(): [Turn, Versioned[]] {
    const turn = current();
    return [turn, [turn]];
  }

  function current(): Turn {
    const last = turns.at(-1);
    if (last) return last;
    const first: Turn = { key: "t0", version: 0, items: [], tokens: 0, costUsd: 0 };
    turns.push(first);
    return first;
  }

  function settle(): void {
    change(waiting, { waiting: false });
    waiting = undefined;
  }

  function count(event: StoredEvent): void {
    const input = field.number(event.body.inputTokens) + field.number(event.body.cacheWriteTokens);
    const output = field.number(event.body.outputTokens);
    tokens.input += input;
    tokens.output += output;
    tokens.cached += field.number(event.body.cacheReadTokens);
    if (event.body.total === true) cost.total = field.number(event.body.costUsd);
    else cost.sum += field.number(event.body.costUsd);
    tokens.costUsd = Math.max(cost.sum, cost.total);
    const turn = turns.at(-1);
    if (!turn) return;
    turn.tokens += input + output;
    if (event.body.total !== true) turn.costUsd += field.number(event.body.costUsd);
    turn.version++;
    // The turn's sum stands in the line of its end, which need not be the last.
    for (const item of turn.items) {
      if (item.type === "event" && item.event.kind === "turn.end") item.version++;
    }
  }
}

/** An item and what encloses it: each has to redraw when the item changes. */
interface Place<T extends Item> {
  item: T;
  above: Versioned[];
}

function change<T extends Item>(place: Place<T> | undefined, part: Partial<T>): void {
  if (!place) return;
  Object.assign(place.item, part);
  place.item.version++;
  touched(place);
}

function touched<T extends Item>(place: Place<T>): Place<T> {
  for (const outer of place.above) outer.version++;
  return place;
}

const fresh = (event: StoredEvent): Versioned => ({ key: `e${event.seq}`, version: 0 });

/** After one of these, a permission that was asked for has been given or is no longer waited for. */
const SETTLES = new Set([
  "tool.result",
  "permission.request",
  "permission.decision",
  "turn.end",
  "session.end",
]);

/** A person's own prompt opens a turn; advice and the system's messages stand inside one. */
export function opensTurn(event: StoredEvent): boolean {
  if (event.kind !== "user.message" || event.parent) return false;
  const origin = text(event.body.origin);
  return origin !== "injected" && origin !== "system";
}

const isInjected = (event: StoredEvent): boolean =>
  event.kind === "user.message" && event.body.origin === "injected";
