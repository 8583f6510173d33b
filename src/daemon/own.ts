import { uuid7 } from "../lib/uuid.ts";
import type { Body, Event, Kind } from "../wire/event.ts";
import type { Session } from "./sessions.ts";

/** Polaris's own word in a session. */
export function own(
  kind: Kind,
  session: Pick<Session, "driver" | "agent">,
  more: Partial<Pick<Event, "id" | "at" | "text">> & { body?: Body } = {},
): Event {
  return {
    id: uuid7(),
    at: new Date().toISOString(),
    sender: session.driver ?? session.agent,
    kind,
    body: {},
    source: { agent: "polaris", translator: 1, via: "polaris" },
    ...more,
  };
}
