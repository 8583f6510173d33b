/** One person drives a session. Whoever else joins advises; the seat is given up, handed over or, by an admin, taken. */
import type { Db, Tx } from "../db/db.ts";
import { PolarisError } from "../wire/error.ts";
import type { Participant } from "../wire/participant.ts";
import type { Joined, Session } from "../wire/session.ts";
import type { Around } from "./append.ts";
import { by, note } from "./audit.ts";
import { type Caller, mayAdmin } from "./caller.ts";
import type { Doorbell } from "./doorbell.ts";
import type { Place } from "./injections.ts";
import { own, post } from "./post.ts";
import * as sessions from "./sessions.ts";

/** Takes the wheel: the seat must be free or already theirs, or an admin forces it. Throws `seat_taken`. */
export function claim(
  db: Db,
  bell: Doorbell,
  caller: Caller,
  place: Place,
  { driver = caller.participant, force }: { driver?: Participant | undefined; force: boolean },
): Promise<Session> {
  if (force) demandAdmin(caller);
  else if (driver !== caller.participant && !mayAdmin(caller)) {
    throw new PolarisError("forbidden", "You can claim the seat for yourself alone.", {
      hint: "Its driver can hand it over to somebody: POST …/handoff { to }.",
    });
  }
  return change(db, bell, caller, place, { driver, force, may: (now) => !now || force });
}

/** Gives the seat up, or to a person by name. Only who drives does, or an admin by force. An open seat stays open. */
export function handOff(
  db: Db,
  bell: Doorbell,
  caller: Caller,
  place: Place,
  { to, force }: { to?: Participant | undefined; force: boolean },
): Promise<Session> {
  if (force) demandAdmin(caller);
  const may = (now: Participant | null) => !now || now === caller.participant || force;
  return change(db, bell, caller, place, { driver: to ?? null, force, may });
}

/** Takes the seat of a session that one joins by name, if it is free, and says what one is there now. */
export async function join(
  db: Db,
  bell: Doorbell,
  caller: Caller,
  place: Place,
  driver: Participant | null,
): Promise<Joined> {
  const { project, session } = place;
  let found = session;
  try {
    if (driver && !session.driver) {
      found = await claim(db, bell, caller, place, { driver, force: false });
    }
  } catch (error) {
    // Somebody was quicker, or the seat is not the caller's to give: then they advise.
    if (!(error instanceof PolarisError)) throw error;
    found = await sessions.get(db, caller, project.slug, session.name);
  }
  const me = driver ?? caller.participant;
  if (found.driver === me) return { ...found, role: "driver", message: `${me} drives.` };
  const who = found.driver ? `${found.driver} drives` : "The seat is open in";
  const then = found.driver ? "you advise" : "until somebody claims it, you advise";
  const words = `${who} "${session.name}"; ${then}: polaris inject ${project.slug}/${session.name} "…".`;
  return { ...found, role: "advisor", message: words };
}

interface Wish {
  driver: Participant | null;
  force: boolean;
  may: (now: Participant | null) => boolean;
}

async function change(
  db: Db,
  bell: Doorbell,
  caller: Caller,
  { project, session }: Place,
  wish: Wish,
): Promise<Session> {
  const { driver } = wish;
  if (driver) await db.as(caller.org, (tx) => demandKnown(tx, caller, driver));
  let now = session;
  for (;;) {
    if (now.driver === driver) return now;
    if (!wish.may(now.driver)) throw taken(now);
    const done = await seat(db, bell, caller, { project, session: now }, wish);
    now = await sessions.get(db, caller, project.slug, session.name);
    if (done) return now;
  }
}

/** Changes the driver from who is thought to drive; false when that has changed meanwhile. */
async function seat(
  db: Db,
  bell: Doorbell,
  caller: Caller,
  { project, session }: Place,
  { driver, force }: Wish,
): Promise<boolean> {
  const from = session.driver;
  const forced = force && from !== null && from !== caller.participant;
  const body = { driver, ...(from ? { from } : {}), ...(forced ? { forced } : {}) };
  const event = own("driver.changed", caller.participant, { body });
  const moved = new PolarisError("conflict", "The seat has changed meanwhile.");
  const around: Around = {
    async before(tx) {
      const [row] = await tx<{ driver: string | null }[]>`
        select driver from sessions where id = ${session.id} for update`;
      if ((row?.driver ?? null) !== from) throw moved;
    },
    async after(tx) {
      const target = `${project.slug}/${session.name}`;
      const detail = { from, to: driver, ...(forced ? { forced } : {}) };
      await note(tx, { ...by(caller), action: "driver.changed", target, detail });
    },
  };
  try {
    await post(db, bell, caller, { project, session, events: [event] }, around);
    return true;
  } catch (error) {
    if (error === moved) return false;
    throw error;
  }
}

const taken = ({ driver, name }: Session): PolarisError =>
  new PolarisError("seat_taken", `${driver} drives "${name}".`, {
    hint: "Ask them to hand over, advise with an injection, or let an admin force it.",
  });

function demandAdmin(caller: Caller): void {
  if (mayAdmin(caller)) return;
  throw new PolarisError("forbidden", "Only an admin takes the seat from somebody.", {
    hint: "Ask its driver to hand over, or an admin to force it.",
  });
}

/** A seat given to a name that nobody has could be freed by an admin only. */
async function demandKnown(tx: Tx, caller: Caller, driver: Participant): Promise<void> {
  if (driver === caller.participant || !driver.startsWith("user:")) return;
  const [known] = await tx`
    select 1 from participants p join memberships m on m.org_id = p.org_id and m.user_id = p.user_id
    where p.org_id = ${caller.org} and p.participant = ${driver} and m.removed_at is null`;
  if (known) return;
  throw new PolarisError("invalid_input", `There is nobody called ${driver} here.`, {
    hint: "GET /orgs/members lists people.",
  });
}
