import type { Database } from "bun:sqlite";

/**
 * Which events the journal holds, by id. Ids are hashes, so an index of them would get its every entry in another page,
 * and each commit would write as many pages more as it has events (measured: 16 of the 42 pages of a group of 16, a
 * fifth of the processor time of a call). So the newest ids are known in memory alone and go into the index on disk by
 * the thousand. At the start they are read from the events themselves.
 */
export const IDS = `
create table ids (id blob primary key) strict, without rowid;
-- Up to which event they are in there.
create table indexed (n integer not null) strict;
insert into indexed values (0);
`;

/**
 * That an id is in the index, or is never to become an event: the text is the first parameter, its key the second. It
 * must not look at the events: SQLite would copy each row that is inserted on this condition first (20 µs).
 */
export const INDEXED =
  "(exists (select 1 from unwritten where id = ?1) or exists (select 1 from ids where id = ?2))";

/**
 * So many share pages of the index (five to a page while there are 30,000) and still hold up no hook for long (measured
 * on a busy machine: 4 ms beside 100,000, 15–50 ms beside a million).
 */
const MANY = 1_000;

interface Fresh {
  known: Set<string>;
  /** Of the transaction that is open: gone again when it is rolled back. */
  staged: string[];
}

/** They belong to a connection as its tables do; whoever writes has the connection in hand and nothing else. */
const FRESH = new WeakMap<Database, Fresh>();

/** The newest ids, as they stand in the events beyond the index. */
export function recall(db: Database): void {
  const rows = db
    .query<{ id: string }, []>("select id from events where n > (select n from indexed) order by n")
    .iterate();
  const known = new Set<string>();
  for (const { id } of rows) known.add(id);
  FRESH.set(db, { known, staged: [] });
}

export const isFresh = (db: Database, id: string): boolean => of(db).known.has(id.toLowerCase());

/** Whether it is an event already, or is never to become one. */
export const isKnown = (db: Database, id: string): boolean =>
  isFresh(db, id) ||
  db.query(`select 1 where ${INDEXED}`).get(id.toLowerCase(), keyOf(id)) !== null;

/** The event has just been written. */
export function learn(db: Database, id: string): void {
  const { known, staged } = of(db);
  known.add(id.toLowerCase());
  staged.push(id.toLowerCase());
}

/** The transaction is over. */
export function settle(db: Database, how: "committed" | "rolled back"): void {
  const fresh = of(db);
  if (how === "rolled back") for (const id of fresh.staged) fresh.known.delete(id);
  fresh.staged = [];
}

/** Whether there are enough new ids to be worth their pages. */
export const isPlenty = (db: Database): boolean => of(db).known.size >= MANY;

/** Takes the new ids into the index, in its order, and answers which. Runs inside `journal.write`; then `forget`. */
export function index(db: Database): string[] {
  const taken = [...of(db).known].sort();
  const insert = db.query("insert into ids (id) values (?) on conflict do nothing");
  for (const id of taken) insert.run(keyOf(id));
  db.query("update indexed set n = (select coalesce(max(n), 0) from events)").run();
  return taken;
}

/** Events were deleted: their numbers may be given again. Runs inside `journal.write`. */
export function unlearn(db: Database, ids: readonly string[]): void {
  const remove = db.query("delete from ids where id = ?");
  for (const id of ids) remove.run(keyOf(id));
  db.query("update indexed set n = min(n, (select coalesce(max(n), 0) from events))").run();
}

/** These are on disk now. */
export function forget(db: Database, taken: readonly string[]): void {
  const { known } = of(db);
  for (const id of taken) known.delete(id);
}

/** 16 bytes instead of 36: 160 to a page. */
export const keyOf = (id: string): Buffer => Buffer.from(id.replaceAll("-", ""), "hex");

function of(db: Database): Fresh {
  const fresh = FRESH.get(db);
  if (!fresh) throw new Error("a journal that was not opened");
  return fresh;
}
