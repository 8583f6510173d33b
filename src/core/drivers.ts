import type { Db, Tx } from "../db/db.ts";
import { PolarisError } from "../wire/error.ts";
import type { Participant } from "../wire/participant.ts";
import type { Project, Session } from "../wire/session.ts";
import { by, note } from "./audit.ts";
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
  if (session.driver === driver) return session;
  await post(
    db,
    bell,
    caller,
    { ...place, events: [own("driver.changed", driver, { body: { driver } })] },
    {
      async before(tx) {
        const [free] = await tx<{ driver: string | null }[]>`
          select driver from sessions where id = ${session.id} and (driver is null or driver = ${driver})`;
        if (free) return;
        throw new PolarisError("seat_taken", `${session.driver} drives "${session.name}".`, {
          hint: "Ask them to hand over, or advise with an injection.",
        });
      },
      after: (tx) => noteDriver(tx, caller, place, driver),
    },
  );
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
    const after = (tx: Tx) => noteDriver(tx, caller, place, null);
    await post(db, bell, caller, { ...place, events: [event] }, { after });
  }
  return sessions.get(db, caller, project.slug, session.name);
}

function noteDriver(
  tx: Tx,
  caller: Caller,
  { project, session }: { project: Project; session: Session },
  driver: Participant | null,
): Promise<void> {
  const target = `${project.slug}/${session.name}`;
  const detail = { from: session.driver, to: driver };
  return note(tx, { ...by(caller), action: "driver.changed", target, detail });
}
