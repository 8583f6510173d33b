import type { Database } from "bun:sqlite";
import type { Agent } from "../agents/agent.ts";
import { uuid5 } from "../lib/uuid.ts";
import type { Event } from "../wire/event.ts";
import * as mail from "./advice.ts";
import { bindingOf } from "./bindings.ts";
import * as moves from "./moves.ts";
import { sessionOf } from "./sessions.ts";

/** What came back of the advice that was handed over: in hooks, in lines. All of it runs inside `journal.write`. */

/**
 * The words of advice are those of its sender, whatever carried them. Advice for another session cannot have come here:
 * a prompt that has its form was written by whoever drives here, and is no other one's entry (its id would be the same).
 */
export function recognise(db: Database, session: string, events: Event[]): Event[] {
  return events.map((event) => {
    const advice = adviceIn(db, event);
    if (!advice) return event;
    if (!mail.concerns(db, advice, session)) {
      const sender = sessionOf(db, session)?.driver ?? "user:unknown";
      return { ...event, id: uuid5(session, event.id), sender, body: { origin: "user" } };
    }
    const { from, text } = mail.wordsOf(advice);
    return { ...event, sender: from, text };
  });
}

/** What stands in a conversation was read there. Called when that is written down, so that its receipt stands behind it. */
export function witness(
  db: Database,
  agent: Agent,
  session: string,
  events: Event[],
  evidence: "hook" | "transcript",
): void {
  for (const event of events) {
    const given = agent.advice?.givenIn(event) ?? [];
    const all = [adviceIn(db, event), ...given.map((id) => mail.adviceOf(db, id))];
    for (const advice of all) {
      if (advice && mail.concerns(db, advice, session)) moves.seen(db, advice.id, evidence);
    }
  }
}

function adviceIn(db: Database, event: Event): mail.Advice | undefined {
  const id = injectionOf(event);
  return id ? mail.adviceOf(db, id) : undefined;
}

/** Lines that say what became of a message before it is read. */
export function notice(
  db: Database,
  agent: Agent,
  agentSession: string,
  lines: readonly { text: string }[],
): void {
  const session = bindingOf(db, agentSession)?.session;
  if (!agent.advice || !session) return;
  for (const { text } of lines) {
    for (const { injection, is } of agent.advice.signs(text)) {
      const id = injection ?? mail.lastHanded(db, agentSession);
      const advice = id ? mail.adviceOf(db, id) : undefined;
      if (advice && mail.concerns(db, advice, session)) BECAME[is](db, advice.id);
    }
  }
}

const BECAME = {
  taken: moves.taken,
  dropped: (db: Database, id: string) => moves.failed(db, id, "The session let it go unread."),
  /** It may be read yet, so no other way is tried: that would be a second copy. */
  held: (db: Database, id: string) =>
    moves.failed(
      db,
      id,
      "The session holds messages back (its crossSessionInbound setting): its driver may still let it in.",
    ),
};

function injectionOf({ kind, body }: Event): string | undefined {
  if (kind !== "user.message" || typeof body.from !== "object" || body.from === null)
    return undefined;
  const id: unknown = Reflect.get(body.from, "injection");
  return typeof id === "string" ? id.toLowerCase() : undefined;
}
