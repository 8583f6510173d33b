/** One person drives a session. Whoever else joins advises; the seat is given up, handed over or, by an admin, taken. */
import type { Db, Tx } from "../db/db.ts";
import { PolarisError } from "../wire/error.ts";
import type { Participant } from "../wire/participant.ts";
import type { Joined, Session } from "../wire/session.ts";
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

async function change(
  db: Db,
  bell: Doorbell,
  caller: Caller,
  place: Place,
  wish: {
    driver: Participant | null;
    force: boolean;
    may: (now: Participant | null) => boolean;
  },
): Promise<Session> {
  const { project, session } = place;
  const { driver, force, may } = wish;
  if (driver) await db.as(caller.org, (tx) => demandKnown(tx, caller, driver));
  // Only a look: what counts is looked up again with the project locked.
  if (session.driver === driver) return session;
  const from = session.driver;
  const forced = force && from !== null && from !== caller.participant;
  const body = { driver, ...(from ? { from } : {}), ...(forced ? { forced } : {}) };
  const event = own("driver.changed", caller.participant, { body });
  await post(
    db,
    bell,
    caller,
    { ...place, events: [event] },
    {
      async before(tx) {
        const [row] = await tx<{ driver: string | null }[]>`
          select driver from sessions where id = ${session.id} for update`;
        const now = row?.driver ?? null;
        if (!may(now) || (now !== from && !force)) throw taken(now, session.name);
      },
      after: (tx) =>
        note(tx, {
          ...by(caller),
          action: "driver.changed",
          target: `${project.slug}/${session.name}`,
          detail: { from, to: driver, ...(forced ? { forced } : {}) },
        }),
    },
  );
  return sessions.get(db, caller, project.slug, session.name);
}

const taken = (driver: Participant | null, name: string): PolarisError =>
  driver
    ? new PolarisError("seat_taken", `${driver} drives "${name}".`, {
        hint: `Ask them to hand over, advise with an injection, or let an admin force it.`,
      })
    : new PolarisError("seat_taken", `Nobody drives "${name}" any more.`, {
        hint: "Claim the seat.",
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
