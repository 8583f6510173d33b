import type { Db } from "../db/db.ts";
import type { Project, Session } from "../wire/session.ts";
import type { Caller } from "./caller.ts";
import type { Doorbell } from "./doorbell.ts";
import { own, post } from "./post.ts";
import * as sessions from "./sessions.ts";

/**
 * What people call a session; null takes the name away again. An event like any other, so that every open page, list and
 * mirror hears of it.
 */
export async function label(
  db: Db,
  bell: Doorbell,
  caller: Caller,
  place: { project: Project; session: Session },
  words: string | null,
): Promise<Session> {
  const { project, session } = place;
  if (words !== session.label) {
    const text = words ?? "";
    const event = own("session.label", caller.participant, { text, body: { label: words } });
    await post(
      db,
      bell,
      caller,
      { ...place, events: [event] },
      { after: (tx) => tx`update sessions set label = ${words} where id = ${session.id}` },
    );
  }
  return sessions.get(db, caller, project.slug, session.name);
}
