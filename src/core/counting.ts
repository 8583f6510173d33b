import { Commit } from "../wire/commit.ts";
import { stateAfter } from "./state.ts";

/** One event as the counting needs it. */
export interface Counted {
  session: string;
  at: Date;
  kind: string;
  sender: string;
  parent: string | null;
  driver: string;
  agent: string;
  body: Record<string, unknown>;
  text: string | null;
}

/** What is remembered of a session between two stretches of its log. */
export interface Standing {
  waitingSince: Date | null;
  model: string;
}

interface Key {
  session: string;
  day: string;
  person: string;
  agent: string;
  model: string;
}

const ZERO = {
  prompts: 0,
  turns: 0,
  tools: 0,
  failed: 0,
  input: 0,
  output: 0,
  cacheRead: 0,
  cacheWrite: 0,
  cost: 0,
  unpriced: 0,
  waitingMs: 0,
};
type Day = Key & typeof ZERO;
type Part = Key & { what: "tool" | "file"; name: string; count: number; failed: number };

/** Longer names are no names. */
const NAME = 300;

/** Adds up a stretch of one project's log, in its order; `standing` is carried on. */
export function count(events: readonly Counted[], standing: Map<string, Standing>) {
  const days = new Map<string, Day>();
  const parts = new Map<string, Part>();
  const commits: (Commit & { session: string; at: string })[] = [];

  for (const event of events) {
    const { session, at, kind, body } = event;
    const known = standing.get(session) ?? { waitingSince: null, model: "" };
    standing.set(session, known);
    if (typeof body.model === "string" && body.model && !event.parent) {
      known.model = body.model.slice(0, NAME);
    }
    // Of subagents' answers, their own model.
    const model = typeof body.model === "string" ? body.model.slice(0, NAME) : known.model;
    const person =
      kind === "user.message" && event.sender.startsWith("user:") ? event.sender : event.driver;
    const key = { session, day: at.toISOString().slice(0, 10), person, agent: event.agent, model };
    const day = dayOf(days, key);
    const part = (what: Part["what"], name: unknown, failed = 0) => {
      if (typeof name !== "string" || !name) return;
      const one = partOf(parts, { ...key, what, name: name.slice(0, NAME) });
      one.count += failed ? 0 : 1;
      one.failed += failed;
    };
    wait(known, event, day);
    if (kind === "user.message" && body.origin !== "system" && !event.parent) day.prompts++;
    if (kind === "turn.end" && !event.parent) day.turns++;
    if (kind === "tool.call") {
      day.tools++;
      part("tool", body.name);
      if (body.kind === "edit") part("file", body.file);
    }
    if (kind === "tool.result" && body.status === "failed") {
      day.failed++;
      part("tool", body.name, 1);
    }
    if (kind === "usage" && !body.total) addTokens(day, body);
    if (kind === "code.commit") {
      const commit = Commit.safeParse({ ...body, subject: event.text ?? "" });
      if (commit.success) commits.push({ ...commit.data, session, at: at.toISOString() });
    }
  }
  return { days: [...days.values()].filter(isSomething), parts: [...parts.values()], commits };
}

/** From a question or a request for permission until the session goes on; counted on the day it goes on. */
function wait(known: Standing, event: Counted, day: Day): void {
  const state = stateAfter({ ...event, parent: event.parent ?? undefined });
  if (!state) return;
  if (state === "needs_human") {
    known.waitingSince ??= event.at;
    return;
  }
  if (!known.waitingSince) return;
  day.waitingMs += Math.max(0, event.at.getTime() - known.waitingSince.getTime());
  known.waitingSince = null;
}

function addTokens(day: Day, body: Record<string, unknown>): void {
  const of = (name: string): number => {
    const value = body[name];
    return typeof value === "number" && Number.isFinite(value) && value > 0 ? value : 0;
  };
  day.input += Math.round(of("inputTokens"));
  day.output += Math.round(of("outputTokens"));
  day.cacheRead += Math.round(of("cacheReadTokens"));
  day.cacheWrite += Math.round(of("cacheWriteTokens"));
  day.cost += of("costUsd");
  if (typeof body.costUsd !== "number") day.unpriced++;
}

const isSomething = (day: Day): boolean =>
  Object.keys(ZERO).some((name) => Reflect.get(day, name) > 0);

function dayOf(days: Map<string, Day>, key: Key): Day {
  const id = JSON.stringify(key);
  const known = days.get(id) ?? { ...key, ...ZERO };
  days.set(id, known);
  return known;
}

function partOf(parts: Map<string, Part>, key: Omit<Part, "count" | "failed">): Part {
  const id = JSON.stringify(key);
  const known = parts.get(id) ?? { ...key, count: 0, failed: 0 };
  parts.set(id, known);
  return known;
}
