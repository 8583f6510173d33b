import type { Database } from "bun:sqlite";
import type { Agent } from "../agents/agent.ts";
import type { Event } from "../wire/event.ts";
import * as mail from "./advice.ts";
import * as moves from "./moves.ts";

/** What came back of the advice that was handed over: in hooks, in lines. All of it runs inside `journal.write`. */

/** The words of advice are those of its sender, whatever carried them. */
export function recognise(db: Database, session: string, events: Event[]): Event[] {
  return events.map((event) => {
    const advice = adviceIn(db, event);
    if (!advice || !mail.concerns(db, advice, session)) return event;
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
  if (!agent.advice) return;
  for (const { text } of lines) {
    for (const { injection, is } of agent.advice.signs(text)) {
      const id = injection?.toLowerCase() ?? mail.lastHanded(db, agentSession);
      if (id) BECAME[is](db, id);
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
