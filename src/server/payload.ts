import { claude } from "../agents/claude/index.ts";
import { uuid7 } from "../lib/uuid.ts";
import type { Event } from "../wire/event.ts";

/** A hook's own JSON, posted to the server instead of a daemon: the same translation, all facts at once. */
export function translate(
  posted: {
    id?: string | undefined;
    sender?: string | undefined;
    payload: Record<string, unknown>;
  },
  people: { driver: string; agent: string },
): Event[] {
  const sender = posted.sender ?? people.driver;
  const reading = claude.readHook(
    {
      id: posted.id ?? uuid7(),
      at: new Date().toISOString(),
      agent: "claude",
      payload: JSON.stringify(posted.payload),
    },
    sender.startsWith("agent:") ? { ...people, agent: sender } : { ...people, driver: sender },
  );
  return reading.facts.map(({ event }) => ({ ...event, source: { ...event.source, via: "api" } }));
}
