import type { Database } from "bun:sqlite";
import type { People } from "../agents/agent.ts";
import { uuid7 } from "../lib/uuid.ts";
import type { Participant } from "../wire/participant.ts";
import type { Place } from "./accounts.ts";

/** A Polaris session this machine feeds. */
export interface Session {
  id: string;
  project: string;
  name: string;
  agent: Participant;
  driver: Participant | null;
  cwd: string | null;
  started_at: string;
  next_pos: number;
  acked: number;
  heard: number;
  checked: number;
  profile: string | null;
  org: string | null;
}

export interface NewSession extends People, Partial<Place> {
  project: string;
  /** Of a session that the server has already, and how much of its log is known to be no news. */
  id?: string;
  heard?: number;
  name?: string | undefined;
  cwd?: string | undefined;
  at?: string | undefined;
}

/** Begins a session here; the server hears of it with the first batch and may give it another name. */
export function begin(db: Database, wish: NewSession): Session {
  const id = wish.id ?? uuid7();
  const name = wish.name ?? freeName(db, wish.project);
  db.query(
    `insert into sessions (id, project, name, agent, driver, cwd, started_at, profile, org, heard)
     values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  ).run(
    id,
    wish.project,
    name,
    wish.agent,
    wish.driver,
    wish.cwd ?? null,
    wish.at ?? new Date().toISOString(),
    wish.profile ?? null,
    wish.org ?? null,
    wish.heard ?? 0,
  );
  const made = sessionOf(db, id);
  if (!made) throw new Error("a session that was just written is not there");
  return made;
}

export function sessionOf(db: Database, id: string): Session | undefined {
  return db.query<Session, [string]>("select * from sessions where id = ?").get(id) ?? undefined;
}

/** Those who speak in it. */
export function peopleOf(db: Database, id: string): People | undefined {
  return (
    db.query<People, [string]>("select driver, agent from sessions where id = ?").get(id) ??
    undefined
  );
}

/** The position its next event gets. */
export function nextPos(db: Database, id: string): number | undefined {
  return db
    .query<{ next_pos: number }, [string]>("select next_pos from sessions where id = ?")
    .get(id)?.next_pos;
}

/** The latest session of that name that this machine has fed; with `org`, only what may go there. */
export function sessionNamed(
  db: Database,
  project: string,
  name: string,
  org: string | null = null,
): Session | undefined {
  return (
    db
      .query<Session, [string, string, string | null]>(
        `select * from sessions where project = ?1 and name = ?2 and (?3 is null or org is null or org = ?3)
         order by id desc limit 1`,
      )
      .get(project, name, org) ?? undefined
  );
}

/** Sessions begun before it was known to whom they belong: now it is, and it will not change. */
const HOMELESS = "org is null and (profile = ?1 or (profile is null and ?2))";

export const hasHomeless = (db: Database, { profile, isCurrent }: Belonging): boolean =>
  db
    .query<unknown, [string, boolean]>(`select 1 from sessions where ${HOMELESS} limit 1`)
    .get(profile, isCurrent) !== null;

/** Runs inside `journal.write`. */
export function adopt(db: Database, { profile, org, isCurrent }: Belonging): void {
  db.query(`update sessions set profile = ?1, org = ?3 where ${HOMELESS}`).run(
    profile,
    isCurrent,
    org,
  );
}

interface Belonging {
  profile: string;
  org: string;
  isCurrent: boolean;
}

export function rename(db: Database, id: string, name: string): void {
  db.query("update sessions set name = ?2 where id = ?1 and name <> ?2").run(id, name);
}

function freeName(db: Database, project: string): string {
  for (;;) {
    const hex = crypto.getRandomValues(new Uint16Array(1))[0] ?? 0;
    const name = `s-${hex.toString(16).padStart(4, "0")}`;
    if (!sessionNamed(db, project, name)) return name;
  }
}
