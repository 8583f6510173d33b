import type { Database } from "bun:sqlite";
import type { Event } from "../wire/event.ts";

/** How far back a fact looks for the call it is about: a hook may be taken up after the transcript was read. */
const REACH = 50;

/**
 * Whether this event is the call that a hook's fact is about. A hook that asks for permission has no id of the call,
 * so it is known by tool and words, in the same turn and the same subagent.
 */
export function isCall(event: Event, fact: Event, tools: readonly string[]): boolean {
  if (event.kind !== "tool.call" || !tools.includes(String(event.body.name))) return false;
  // The start of a subagent carries its own id; its call stands with whoever made it.
  if (fact.kind !== "subagent.start" && event.parent !== fact.parent) return false;
  if (!event.parent && event.turn && fact.turn && event.turn !== fact.turn) return false;
  if (fact.text === undefined || fact.text === event.text) return true;
  return fact.body.input !== undefined && Bun.deepEquals(fact.body.input, event.body.input);
}

/** Whether this is the work of the subagent whose start is still held. */
export const isWithin = (event: Event, fact: Event): boolean =>
  fact.kind === "subagent.start" && event.parent !== undefined && event.parent === fact.parent;

/** Whether the session has been told such a call, which nobody has decided yet. */
export function isCalled(
  db: Database,
  session: string,
  { event, tools, since }: { event: Event; tools: readonly string[]; since: number },
): boolean {
  const rows = db
    .query<{ kind: string; json: string }, [string, number]>(
      "select kind, json from events where session = ? and pos >= ? and kind in ('tool.call', 'tool.result') order by pos",
    )
    .all(session, since - REACH);
  const told = rows.map(({ json }): Event => JSON.parse(json));
  const answered = new Set(
    told.filter(({ kind }) => kind === "tool.result").map(({ body }) => body.callId),
  );
  // A subagent in the background is answered at once; a question, when it has been decided.
  const isOpen = (call: Event) =>
    event.kind === "subagent.start" || !answered.has(call.body.callId);
  return told.some((call) => isCall(call, event, tools) && isOpen(call));
}
