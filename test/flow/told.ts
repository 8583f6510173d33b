import type { Event, StoredEvent } from "../../src/wire/event.ts";

/** One event in one line: who, what, in which way, and the first words. Tokens and costs are left out. */
export function told(events: readonly (Event | StoredEvent)[]): string[] {
  return events.filter(({ kind }) => kind !== "usage").map(sentence);
}

/** What tells two events of one kind apart. */
const WAYS = [
  "origin",
  "command",
  "source",
  "status",
  "decision",
  "by",
  "reason",
  "cancelled",
  "aborted",
];

function sentence({ sender, kind, text = "", body }: Event | StoredEvent): string {
  const way = (key: string): string[] => {
    const value = body[key];
    // Which word the client has for a decision is its own affair.
    if (value === undefined || (key === "source" && kind !== "session.start")) return [];
    return [value === true ? key : String(value)];
  };
  const ways = kind === "notice" ? [String(body.kind)] : WAYS.flatMap(way);
  const words = text.split("\n", 1)[0]?.slice(0, 60) ?? "";
  return [sender, kind, ways.length ? `(${ways.join(", ")})` : "", words].filter(Boolean).join(" ");
}
