import type { Db } from "../db/db.ts";
import { PolarisError } from "../wire/error.ts";
import type { Participant } from "../wire/participant.ts";
import type { Session } from "../wire/session.ts";
import { by, note } from "./audit.ts";
import { type Caller, mayAdmin } from "./caller.ts";
import type { Doorbell } from "./doorbell.ts";
import type { Place } from "./injections.ts";
import { own, post } from "./post.ts";
import * as sessions from "./sessions.ts";

/** No advice for now, or again. The driver decides, or an admin. */
export async function mute(
  db: Db,
  bell: Doorbell,
  caller: Caller,
  place: Place,
  muted: boolean,
): Promise<Session> {
  const { project, session } = place;
  const act = muted ? "advice.muted" : "advice.unmuted";
  let changes = false;
  await db.as(caller.org, async (tx) => {
    const [row] = await tx<{ driver: string | null; muted: boolean }[]>`
      select driver, muted_at is not null as muted from sessions where id = ${session.id}`;
    if (row?.driver !== caller.participant && !mayAdmin(caller))
      throw notYours(row?.driver ?? null);
    changes = row?.muted !== muted;
  });
  if (changes) {
    const events = [own(act, caller.participant)];
    const target = `${project.slug}/${session.name}`;
    await post(
      db,
      bell,
      caller,
      { ...place, events },
      {
        async after(tx) {
          await tx`update sessions set muted_at = ${muted ? new Date() : null} where id = ${session.id}`;
          await note(tx, { ...by(caller), action: act, target });
        },
      },
    );
  }
  return sessions.get(db, caller, project.slug, session.name);
}

const notYours = (driver: Participant | null): PolarisError =>
  new PolarisError("seat_taken", `${driver ?? "Nobody"} drives this session.`, {
    hint: "Its driver decides whether it takes advice, or an admin.",
  });
