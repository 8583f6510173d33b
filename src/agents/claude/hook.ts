import type { HookCall } from "../../wire/local.ts";
import type { HookReading, People } from "../agent.ts";
import { extra, type Json, parse, type Shape, string } from "../fields.ts";
import { HOOKS } from "./hooks.ts";
import { fact, type Moment } from "./moment.ts";

/** Fields of every payload that say nothing about what happened, or are read for every event. */
const COMMON: Readonly<Record<string, Shape>> = {
  session_id: "string",
  transcript_path: "string",
  cwd: "string",
  hook_event_name: "string",
  prompt_id: "string",
  permission_mode: "string",
  effort: "any",
  agent_id: "string",
  agent_type: "string",
  session_title: "string",
};

/**
 * Reads one hook call. A payload that cannot be read, an event nobody knows and an event without what it is about
 * become one `other` fact that holds the payload as it came.
 */
export function readHook(call: HookCall, people: People): HookReading {
  const payload = parse(call.payload);
  const name = string(payload?.hook_event_name, 64);
  const session = string(payload?.session_id, 200);
  if (!payload || !name || !session) {
    const moment = { call, payload: {}, people, session: "", turn: undefined };
    return { name: "", agentSession: "", facts: [unread(moment, "unreadable")] };
  }
  const moment: Moment = { call, payload, people, session, turn: string(payload.prompt_id, 128) };
  const hook = Object.hasOwn(HOOKS, name) ? HOOKS[name] : undefined;
  const saying = hook?.read(moment) ?? { facts: [unread(moment, name)] };
  const transcript = string(payload.transcript_path, 4096);
  const cwd = saying.cwd ?? string(payload.cwd, 4096);
  return {
    name,
    agentSession: session,
    ...(transcript ? { transcript } : {}),
    ...saying,
    ...(cwd ? { cwd } : {}),
    facts: hook ? withExtra(saying.facts, payload, { ...COMMON, ...hook.fields }) : saying.facts,
  };
}

const unread = (moment: Moment, type: string) =>
  fact(moment, "now", "other", { body: { type: `hook/${type}` }, raw: moment.call.payload });

function withExtra(
  facts: HookReading["facts"],
  payload: Json,
  known: Readonly<Record<string, Shape>>,
): HookReading["facts"] {
  const unknown = extra(payload, known);
  const [first, ...rest] = facts;
  if (!unknown || !first || first.event.raw !== undefined) return facts;
  const body = { ...first.event.body, extra: unknown };
  return [{ ...first, event: { ...first.event, body } }, ...rest];
}
