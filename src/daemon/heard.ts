import type { Database } from "bun:sqlite";
import { z } from "zod";
import type { Words } from "../agents/agent.ts";
import { type AdviceState, adviceOf, lateSince, wordsOf } from "./advice.ts";

/** What is read of an event of the server's stream; other events of the session pass by. */
export const Heard = z.looseObject({
  id: z.guid(),
  seq: z.int(),
  kind: z.string(),
  at: z.string().optional(),
  sender: z.string().optional(),
  text: z.string().optional(),
  body: z.record(z.string(), z.unknown()).default({}),
});
export type Heard = z.infer<typeof Heard>;

/** Takes up what the server says about advice for a session. Runs inside `journal.write`. */
export function hear(db: Database, session: string, event: Heard): void {
  const { id, seq, kind, text, body } = event;
  if (kind === "injection.queued") {
    const words: Words = {
      id: id.toLowerCase(),
      from: string(body.from) ?? event.sender ?? "user:unknown",
      name: string(body.name),
      role: string(body.role),
      via: string(body.via),
      at: event.at ?? new Date().toISOString(),
      text: text ?? "",
    };
    db.query(
      `insert into advice (id, session, seq, state, since, words) values (?, ?, ?, 'waiting', ?, ?)
       on conflict do nothing`,
    ).run(words.id, session, seq, Date.now(), JSON.stringify(words));
    return;
  }
  const injection = string(body.injection)?.toLowerCase();
  const known = injection ? adviceOf(db, injection) : undefined;
  if (!known || known.session !== session) return;
  if (kind === "injection.edited" && text !== undefined && known.state === "waiting") {
    const before = wordsOf(known);
    const words = JSON.stringify({ ...before, text, edits: (before.edits ?? 0) + 1 });
    db.query("update advice set words = ? where id = ?").run(words, known.id);
  }
  const ended = ENDED[kind];
  // Our own word comes back: it waits on.
  if (!ended || (kind === "injection.failed" && lateSince(db, known.id) !== undefined)) return;
  db.query(
    `update advice set state = ?, since = ? where id = ? and state in ('waiting', 'handing')`,
  ).run(ended, Date.now(), known.id);
}

/** What the server says about advice that somebody else has delivered, or nobody shall. */
const ENDED: Readonly<Record<string, AdviceState>> = {
  "injection.recalled": "recalled",
  "injection.expired": "expired",
  "injection.failed": "failed",
  "injection.seen": "seen",
  "injection.answered": "seen",
};

const string = (value: unknown): string | undefined =>
  typeof value === "string" && value !== "" ? value : undefined;

/** What waits for this session is another machine's to deliver. Runs inside `journal.write`. */
export function letGo(db: Database, session: string): void {
  db.query(
    "update advice set state = 'recalled', since = ? where session = ? and state = 'waiting'",
  ).run(Date.now(), session);
}
