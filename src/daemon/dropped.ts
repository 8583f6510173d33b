import type { Database } from "bun:sqlite";
import type { Check } from "../wire/check.ts";
import { keyOf } from "./ids.ts";
import { floorOf } from "./outbox.ts";
import type { Session } from "./sessions.ts";

/**
 * Which ids stood at the positions that left the journal: 16 bytes each, where an event has 1,700. With them the server
 * can say after a recovery which of the positions it holds again, under whatever new ones their events came back.
 */
export const DROPPED = `
create table if not exists dropped (
  session text not null,
  pos integer not null,
  at integer not null,
  ids blob not null,
  primary key (session, pos)
) strict;
`;

const ID_BYTES = 16;
/** Twice as long as Claude Code keeps its transcripts: later nothing can bring these events back. */
const KEEP_MS = 60 * 24 * 3_600_000;

/** Runs inside `journal.write`; rows in the order of the journal, which is each session's own. */
export function remember(
  db: Database,
  rows: readonly { session: string; pos: number; id: string }[],
): void {
  const runs = new Map<string, { session: string; pos: number; ids: Buffer[] }[]>();
  for (const { session, pos, id } of rows) {
    const known = runs.get(session) ?? [];
    runs.set(session, known);
    const last = known.at(-1);
    if (last && last.pos + last.ids.length === pos) last.ids.push(keyOf(id));
    else known.push({ session, pos, ids: [keyOf(id)] });
  }
  const insert = db.query(
    "insert into dropped (session, pos, at, ids) values (?, ?, ?, ?) on conflict do nothing",
  );
  for (const { session, pos, ids } of [...runs.values()].flat()) {
    insert.run(session, pos, Date.now(), Buffer.concat(ids));
  }
}

export function forgetOld(db: Database): void {
  db.query("delete from dropped where at < ?").run(Date.now() - KEEP_MS);
}

/** What a session has lost here, as questions to the server: one for each run of positions. */
export function* lostChecks(db: Database, session: Session): Generator<Check> {
  const rows = db
    .query<{ pos: number; ids: Uint8Array }, [string]>(
      "select pos, ids from dropped where session = ? order by pos",
    )
    .all(session.id);
  const floor = floorOf(db, session);
  for (const { pos, ids: packed } of rows) {
    const hex = Buffer.from(packed).toString("hex");
    const ids = Array.from({ length: packed.length / ID_BYTES }, (_, at) =>
      hex
        .slice(at * 2 * ID_BYTES, (at + 1) * 2 * ID_BYTES)
        .replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-"),
    );
    const to = pos + ids.length - 1;
    const hash = new Bun.CryptoHasher("sha256").update(ids.join("\n")).digest("hex");
    yield { session: session.id, from: pos, to, floor, holes: [], count: ids.length, hash, ids };
  }
}
