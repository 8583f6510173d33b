import type { Db } from "../db/db.ts";
import { PolarisError } from "../wire/error.ts";
import type { Participant } from "../wire/participant.ts";
import type { Project, Session } from "../wire/session.ts";
import type { Caller } from "./caller.ts";
import type { Doorbell } from "./doorbell.ts";
import { own, post } from "./post.ts";
import * as sessions from "./sessions.ts";

/** Who takes the wheel: the seat must be free or already theirs. Throws `seat_taken`. */
export async function claim(
  db: Db,
  bell: Doorbell,
  caller: Caller,
  place: { project: Project; session: Session },
  driver: Participant,
): Promise<Session> {
  const { project, session } = place;
  const [row] = await db.as(
    caller.org,
    (tx) => tx`
      update sessions set driver = ${driver}
      where id = ${session.id} and project_id = ${project.id} and (driver is null or driver = ${driver})
      returning id`,
  );
  if (!row) {
    throw new PolarisError("seat_taken", `${session.driver} drives "${session.name}".`, {
      hint: "Ask them to hand over, or advise with an injection.",
    });
  }
  if (session.driver !== driver) {
    await post(db, bell, caller, {
      ...place,
      events: [own("driver.changed", driver, { body: { driver } })],
    });
  }
  return sessions.get(db, caller, project.slug, session.name);
}

/** Opens the seat (handoff); an open one stays open. */
export async function release(
  db: Db,
  bell: Doorbell,
  caller: Caller,
  place: { project: Project; session: Session },
): Promise<Session> {
  const { project, session } = place;
  if (session.driver) {
    const body = { driver: null, from: session.driver };
    const event = own("driver.changed", caller.participant, { body });
    await post(db, bell, caller, { ...place, events: [event] });
  }
  return sessions.get(db, caller, project.slug, session.name);
}
