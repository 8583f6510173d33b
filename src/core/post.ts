import type { Db } from "../db/db.ts";
import { uuid7 } from "../lib/uuid.ts";
import type { Event } from "../wire/event.ts";
import type { Participant } from "../wire/participant.ts";
import type { Project, Session } from "../wire/session.ts";
import { within } from "./access.ts";
import { type Around, append } from "./append.ts";
import type { Caller } from "./caller.ts";
import type { Doorbell } from "./doorbell.ts";

/** Writes events of an API caller into a session; answers each id with the seq it has, old or new. */
export async function post(
  db: Db,
  bell: Doorbell,
  caller: Caller,
  {
    project,
    session,
    events,
  }: { project: Pick<Project, "id" | "slug">; session: Pick<Session, "id">; events: Event[] },
  around?: Around,
): Promise<{ id: string; seq: number; known: boolean }[]> {
  const items = events.map((event) => ({ event, session: session.id }));
  const { stored } = await append(db, { caller, project, items }, around);
  if (stored.size > 0) bell.ring(caller.org, project.id);
  const old = events.filter(({ id }) => !stored.has(id)).map(({ id }) => id);
  const seqs = new Map(stored);
  if (old.length > 0) {
    const rows = await db.as(
      caller.org,
      (tx) => tx<{ id: string; seq: string }[]>`
        select id, seq from events
        where project_id = ${project.id} and id = any(${old}::uuid[]) and ${within(tx, caller, project.id)}`,
    );
    for (const row of rows) seqs.set(row.id, Number(row.seq));
  }
  return events.map(({ id }) => ({ id, seq: seqs.get(id) ?? 0, known: !stored.has(id) }));
}

/** An event of Polaris's own: what somebody did through us rather than in the agent. */
export function own(
  kind: string,
  sender: Participant,
  fields: { text?: string; body?: Record<string, unknown> } = {},
): Event {
  return {
    id: uuid7(),
    at: new Date().toISOString(),
    sender,
    kind,
    ...(fields.text === undefined ? {} : { text: fields.text }),
    body: fields.body ?? {},
    source: { agent: "polaris", translator: 1, via: "polaris" },
  };
}
