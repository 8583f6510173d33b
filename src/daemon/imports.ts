import type { Database } from "bun:sqlite";
import type { Agent } from "../agents/agent.ts";
import { uuid5 } from "../lib/uuid.ts";
import { repositoryOf } from "../machine/git.ts";
import type { Guard } from "../machine/guard/guard.ts";
import type { Event } from "../wire/event.ts";
import type { Row } from "../wire/job.ts";
import type { Accounts, Place } from "./accounts.ts";
import { type Lacks, newsOf } from "./backfill.ts";
import { bindingOf } from "./bindings.ts";
import { checker, type Unsure } from "./check.ts";
import { append } from "./events.ts";
import type { Journal } from "./journal.ts";
import { type Linked, linkOf } from "./links.ts";
import { own } from "./own.ts";
import { begin, type Session, sessionOf } from "./sessions.ts";
import { agentSessionOf, describe, eventsOf, partsOf } from "./transcripts.ts";

const NAMESPACE = "0198d2c4-5b1e-7c60-9f0a-3d0c6a51e7b4";

export interface Needs {
  journal: Journal;
  guard: Guard;
  home: Accounts["home"];
  lacks: Lacks;
}

export interface Wish {
  agent: Agent;
  path: string;
  project: string | undefined;
  since: number | undefined;
  /** The person named this very file. */
  named: boolean;
  dry: boolean;
  /** Only what began after its directory was linked (a recovery, which nobody asked to reach further back). */
  onlyLinked?: boolean;
}

/** Where a transcript would go, without having been read. */
export interface Plan {
  row: Row;
  allBytes: number;
  place: Place;
  session: Session | undefined;
}

/** Reads the two ends of a file and decides what to do with it. */
export async function plan(
  { journal: { db }, home }: Needs,
  wish: Wish,
): Promise<Plan | undefined> {
  const { agent, path } = wish;
  const about = await describe(agent, path);
  if (!about || (wish.since !== undefined && about.changedAt < wish.since)) return undefined;
  const agentSession = agentSessionOf(path);
  const bound = bindingOf(db, agentSession);
  const before = importOf(db, agentSession);
  const session = sessionOf(db, bound?.session ?? before?.session ?? "");
  const link = linkOf(db, about.cwd ?? undefined, repositoryOf);
  const project = wish.project ?? session?.project ?? link?.project ?? null;
  const { bytes, from, to, cwd } = about;
  const row: Row = {
    ...{ path, agentSession, bytes, from, to, cwd, project, name: session?.name ?? null },
    ...{ events: 0, fresh: 0, again: 0, skipped: null },
  };
  const place = session ?? home(wish.project === undefined ? link : undefined);
  row.skipped = why();
  return { row, allBytes: about.allBytes, place, session };

  function why(): string | null {
    if (from === null) return "nothing in it";
    if (bound?.state === "live") return "is being recorded";
    if (bound?.state === "left" && !wish.named) return "was left";
    if (session && session.project !== project) return `is in ${session.project}`;
    if (project === null) return "no project";
    if (before && before.path === path && before.size === about?.allBytes) return "imported";
    if (!wish.onlyLinked) return null;
    if (bound || before) return "known";
    return isAfter(link, from) ? null : "before its directory was linked";
  }
}

const isAfter = (link: Linked | undefined, from: string): boolean =>
  link !== undefined && Date.parse(from) >= link.at;

/**
 * Takes a transcript in: the same events with the same ids as if it had been recorded live, less what only hooks tell.
 * Begun again after a crash it goes on by these ids; the note that it is done stands in one transaction with its end.
 */
export async function take(
  { journal, guard, lacks, home }: Needs,
  wish: Wish,
  { row, place, session: known, allBytes }: Plan,
  onRead: (bytes: number) => void,
): Promise<Row> {
  const { db } = journal;
  const { project, agentSession } = row;
  if (row.skipped !== null || project === null || agentSession === null) return row;
  let session = known;
  const people = session ?? { driver: home(place).driver, agent: wish.agent.participant };
  const done: Row = { ...row };
  let last: Event | undefined;
  const unsure: Unsure[] = [];
  const check = checker(guard, row.cwd, unsure);
  const parts = partsOf(wish.agent, wish.path);
  for await (const batch of eventsOf(wish.agent, parts, people, check, onRead)) {
    const events = batch.map(imported);
    done.events += events.length;
    last = events.at(-1) ?? last;
    const news = await newsOf(db, events, (ids) => lacks(place, project, ids));
    if (wish.dry || news.length === 0) {
      done.fresh += news.length;
      continue;
    }
    done.fresh += await journal.write(() => {
      session ??= opened();
      return append(db, session.id, news);
    });
  }
  // Not noted as done: the same import once more takes what could not be checked now.
  if (unsure.length > 0) {
    done.skipped = `${unsure.length} not checked for secrets (${unsure[0]?.reason}): import again`;
    return { ...done, name: session?.name ?? null };
  }
  const target = session;
  if (wish.dry || !target) return done;
  await journal.write(() => {
    if (last && !bindingOf(db, agentSession)) {
      append(db, target.id, [endOf(last, people)]);
    }
    note(db, { path: wish.path, agent_session: agentSession, session: target.id, size: allBytes });
  });
  return { ...done, name: target.name };

  /** In one transaction with its first events and the note by which a second run finds it again. */
  function opened(): Session {
    const made = begin(db, {
      ...people,
      profile: place.profile,
      org: place.org,
      project: project ?? "",
      cwd: row.cwd ?? undefined,
      at: row.from ?? undefined,
    });
    note(db, {
      path: wish.path,
      agent_session: agentSession ?? "",
      session: made.id,
      size: -1,
    });
    return made;
  }
}

const imported = (event: Event): Event => ({
  ...event,
  source: { ...event.source, via: "import" },
});

/** A transcript does not tell that its session is over; without that it would be shown at work for ever. */
function endOf(last: Event, people: Pick<Session, "driver" | "agent">): Event {
  return own("session.end", people, {
    id: uuid5(NAMESPACE, `end ${last.id}`),
    at: last.at,
    body: { reason: "imported" },
  });
}

interface Imported {
  path: string;
  agent_session: string;
  session: string;
  /** -1 while it is under way. */
  size: number;
}

export function importOf(db: Database, agentSession: string): Imported | undefined {
  return (
    db
      .query<Imported, [string]>("select * from imports where agent_session = ?")
      .get(agentSession) ?? undefined
  );
}

function note(db: Database, { path, agent_session, session, size }: Imported): void {
  db.query(
    `insert into imports (path, agent_session, session, size) values (?1, ?2, ?3, ?4)
     on conflict (path) do update set session = ?3, size = ?4`,
  ).run(path, agent_session, session, size);
}
