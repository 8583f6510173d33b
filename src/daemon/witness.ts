import type { Database } from "bun:sqlite";
import type { Agent } from "../agents/agent.ts";
import type { Event } from "../wire/event.ts";
import * as mail from "./advice.ts";

/** What came back of the advice that was handed over: in hooks, in lines. All of it runs inside `journal.write`. */

/** The words of advice are those of its sender, whatever carried them. */
export function recognise(db: Database, events: Event[]): Event[] {
  return events.map((event) => {
    const advice = adviceIn(db, event);
    if (!advice) return event;
    const { from, text } = mail.wordsOf(advice);
    return { ...event, sender: from, text };
  });
}

/** What stands in a conversation was read there. Called when that is written down, so that its receipt stands behind it. */
export function witness(db: Database, events: Event[], evidence: "hook" | "transcript"): void {
  for (const event of events) {
    const advice = adviceIn(db, event);
    if (advice) mail.seen(db, advice.id, evidence);
  }
}

function adviceIn(db: Database, event: Event): mail.Advice | undefined {
  const id = injectionOf(event);
  return id ? mail.adviceOf(db, id) : undefined;
}

/** Lines that say what became of a message before it is read. */
export function notice(db: Database, agent: Agent, lines: readonly { text: string }[]): void {
  if (!agent.advice) return;
  for (const { text } of lines) {
    for (const { injection, is } of agent.advice.signs(text)) {
      if (is === "taken") mail.taken(db, injection.toLowerCase());
      else mail.failed(db, injection.toLowerCase(), "The session let it go unread.");
    }
  }
}

function injectionOf({ kind, body }: Event): string | undefined {
  if (kind !== "user.message" || typeof body.from !== "object" || body.from === null)
    return undefined;
  const id: unknown = Reflect.get(body.from, "injection");
  return typeof id === "string" ? id.toLowerCase() : undefined;
}
