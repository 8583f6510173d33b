import type { Database } from "bun:sqlite";
import { dirname } from "node:path";
import type { Memory } from "../agents/agent.ts";
import { uuid5 } from "../lib/uuid.ts";
import type { Event } from "../wire/event.ts";
import type { Bound } from "./bindings.ts";
import { own } from "./own.ts";
import type { Session } from "./sessions.ts";
import type { Tail } from "./tails.ts";

/**
 * A fork's start does not say whose it is, and its file is not there yet. The file then begins with copies of the other
 * session's lines, under their old ids: by the last of them the other session is found.
 */
const NAMESPACE = "0198d2c4-5b1e-7c60-9f0a-3d0c6a51e7b6";
/** Some of them no event stands for: a hook told the same fact first. */
const COPIES = 20;
/** Forks are made of what one has just worked on. */
const SESSIONS = 20;

const copiesIn = ({ copied }: Memory): unknown[] => (Array.isArray(copied) ? copied : []);

/** One more line that was copied. */
export function copy(memory: Memory, { id }: Event): void {
  memory.copied = [...copiesIn(memory), id.toLowerCase()].slice(-COPIES);
}

/** What the fork's first own line is told after: from which session it goes on. Once, and undefined if nobody knows. */
export function origin(
  db: Database,
  tail: Tail,
  session: Session,
  memory: Memory,
  first: Event,
): Event | undefined {
  const copied = copiesIn(memory);
  delete memory.copied;
  if (copied.length === 0 || tail.subagent !== null) return undefined;
  const [from] = neighbours(db, tail, session)
    .map((other) => ({ other, last: lastOf(db, other.id, copied) }))
    .filter(({ last }) => last >= 0)
    .sort((a, b) => b.last - a.last);
  if (!from) return undefined;
  return own("notice", session, {
    id: uuid5(NAMESPACE, tail.agent_session),
    at: first.at,
    text: `Goes on from ${from.other.name}.`,
    body: { kind: "fork", continues: from.other.id },
  });
}

/** What else was recorded here, into the same project, of transcripts in the same folder; the latest first. */
function neighbours(db: Database, tail: Tail, { id, project, org }: Session) {
  return db
    .query<
      Pick<Session, "id" | "name"> & Pick<Bound, "transcript">,
      [string, string, string | null]
    >(
      `select s.id, s.name, b.transcript from bindings b join sessions s on s.id = b.session
       where s.id <> ? and s.project = ? and s.org is ? and b.transcript is not null order by b.at desc`,
    )
    .all(id, project, org)
    .filter(({ transcript }) => transcript !== null && dirname(transcript) === dirname(tail.path))
    .slice(0, SESSIONS);
}

/** Which of the copies is the last that is an event of the session; -1: none. */
function lastOf(db: Database, session: string, copied: unknown[]): number {
  const rows = db
    .query<{ id: string }, [string, string]>(
      "select id from events where session = ? and id in (select value from json_each(?))",
    )
    .all(session, JSON.stringify(copied));
  return Math.max(-1, ...rows.map(({ id }) => copied.indexOf(id)));
}
