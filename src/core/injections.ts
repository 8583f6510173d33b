/**
 * Advice from a teammate for a session: an event like any other, and a row that says where it stands (wire/injection.ts).
 * Sending, editing and taking back are here; what machines report of it is in `reports.ts`, patience in `expiry.ts`.
 */
import type { Db, Tx } from "../db/db.ts";
import { uuid7 } from "../lib/uuid.ts";
import { PolarisError } from "../wire/error.ts";
import type { Injection, InjectionRoute, InjectionState, Via } from "../wire/injection.ts";
import type { Page, Project, Session } from "../wire/session.ts";
import { within } from "./access.ts";
import { demandAdvice, nameOf } from "./advice.ts";
import { by, note } from "./audit.ts";
import { type Caller, mayAdmin } from "./caller.ts";
import { cursorOf, readCursor } from "./cursor.ts";
import type { Doorbell } from "./doorbell.ts";
import { own, post } from "./post.ts";

export interface Place {
  project: Project;
  session: Session;
}

/** Queues advice. The same id again answers what became of the first, so that a lost answer can be asked for again. */
export async function inject(
  db: Db,
  bell: Doorbell,
  caller: Caller,
  { project, session }: Place,
  {
    id = uuid7(),
    text,
    via,
    most,
  }: { id?: string | undefined; text: string; via: Via; most?: number },
): Promise<Injection> {
  const key = id.toLowerCase();
  const { org, participant } = caller;
  const person = await db.as(org, (tx) => nameOf(tx, caller));
  // An agent answers to its person; whoever reads its words must not take them for that person's, nor for a driver's.
  const isAgents = via === "mcp" && participant.startsWith("user:");
  const name = isAgents ? `An agent of ${person}` : person;
  const role = session.driver === participant && !isAgents ? "driver" : caller.role;
  const body = { from: participant, name, role, via };
  const event = { ...own("injection.queued", participant, { text, body }), id: key };
  let isKnown = false;
  await post(
    db,
    bell,
    caller,
    { project, session, events: [event] },
    {
      async before(tx) {
        isKnown = await knows(tx, caller, { project, session }, key);
        if (!isKnown) await demandAdvice(tx, caller, session, most);
      },
      async after(tx) {
        if (isKnown) return;
        await tx`
          insert into injections (org_id, project_id, session_id, id, sender, sender_name, user_id, via, text)
          values (${org}, ${project.id}, ${session.id}, ${key}, ${participant}, ${name}, ${caller.user}, ${via}, ${text})`;
        await note(tx, written(caller, { project, session }, "injection.queued", key));
      },
    },
  );
  return get(db, caller, { project, session }, key);
}

/** Whether this very advice is here already; an id that is anything else is refused. */
async function knows(tx: Tx, caller: Caller, place: Place, id: string): Promise<boolean> {
  const [event] = await tx<{ mine: boolean }[]>`
    select i.id is not null as mine from events e
    left join injections i on i.project_id = e.project_id and i.id = e.id
      and i.session_id = ${place.session.id} and i.sender = ${caller.participant}
    where e.project_id = ${place.project.id} and e.id = ${id}`;
  if (event?.mine) return true;
  if (!event) {
    // Its event would not be stored a second time; its words must not come back without one.
    const [stone] = await tx`
      select 1 from tombstones where project_id = ${place.project.id} and id = ${id}`;
    if (!stone) return false;
    throw new PolarisError("conflict", "This advice was sent before, and has been removed since.", {
      hint: "Mint a new UUID to say it again.",
    });
  }
  throw new PolarisError("conflict", "This id belongs to something else in the project.", {
    hint: "Mint a new UUID for each injection, or leave it out.",
  });
}

/** Other words, while nobody has them. */
export function edit(
  db: Db,
  bell: Doorbell,
  caller: Caller,
  place: Place,
  { id, text }: { id: string; text: string },
): Promise<Injection> {
  return act(db, bell, caller, place, { id, kind: "injection.edited", text });
}

/** Taken back, while nobody has it. Twice is once. */
export function recall(
  db: Db,
  bell: Doorbell,
  caller: Caller,
  place: Place,
  id: string,
): Promise<Injection> {
  return act(db, bell, caller, place, { id, kind: "injection.recalled" });
}

async function act(
  db: Db,
  bell: Doorbell,
  caller: Caller,
  place: Place,
  wish: { id: string; kind: "injection.edited" | "injection.recalled"; text?: string },
): Promise<Injection> {
  const { kind, text } = wish;
  const { id, ...found } = await get(db, caller, place, wish.id);
  if (kind === "injection.recalled" && found.state === "recalled") return { id, ...found };
  if (kind === "injection.edited" && found.state === "queued" && found.text === text) {
    return { id, ...found };
  }
  const body = { injection: id };
  const event = own(kind, caller.participant, text === undefined ? { body } : { text, body });
  await post(
    db,
    bell,
    caller,
    { ...place, events: [event] },
    {
      async before(tx) {
        const [row] = await tx<{ state: InjectionState; sender: string; late: boolean }[]>`
          select state, sender, state = 'failed' and delivered_at is null as late from injections
          where project_id = ${place.project.id} and id = ${id} for update`;
        // What could not be delivered may wait on at its machine, for a chance.
        const isOpen = row?.state === "queued" || (kind === "injection.recalled" && row?.late);
        if (!row || !isOpen) throw tooLate(row?.state);
        if (row.sender === caller.participant) return;
        if (kind === "injection.recalled" && mayAdmin(caller)) return;
        throw new PolarisError("forbidden", `${row.sender} sent this; only they may change it.`);
      },
      async after(tx) {
        await tx`
          update injections set changed_at = now(),
            ${text === undefined ? tx`state = 'recalled'` : tx`text = ${text}, edits = edits + 1, held_at = null`}
          where project_id = ${place.project.id} and id = ${id}`;
        await note(tx, written(caller, place, kind, id));
      },
    },
  );
  return get(db, caller, place, id);
}

/** Its session's machine has the words as they are now; only patience changes (`expiry.ts`), and nobody is told. */
export async function hold(db: Db, caller: Caller, place: Place, id: string): Promise<void> {
  const { id: project } = place.project;
  await db.as(
    caller.org,
    (tx) => tx`
      update injections set held_at = now()
      where project_id = ${project} and session_id = ${place.session.id} and id::text = ${id.toLowerCase()}
        and state = 'queued' and ${within(tx, caller, project)}`,
  );
}

const ENDS: Partial<Record<InjectionState, string>> = {
  recalled: "It was taken back before.",
  expired: "It was given up before; nobody had it.",
  failed: "It failed before; send it again.",
};

const tooLate = (state: InjectionState | undefined): PolarisError =>
  new PolarisError("conflict", (state && ENDS[state]) ?? "Too late: the agent has it already.", {
    hint: "Send another one that says what is right now.",
  });

/** What the audit keeps of it; the words stay in the event alone. */
const written = (caller: Caller, { project, session }: Place, action: string, id: string) => ({
  ...by(caller),
  action,
  target: `${project.slug}/${session.name}`,
  detail: { id },
});

interface Row {
  id: string;
  slug: string;
  session_name: string;
  sender: string;
  sender_name: string;
  via: Via;
  text: string;
  state: InjectionState;
  route: InjectionRoute | null;
  reason: string | null;
  answer: string | null;
  created_at: Date;
  delivered_at: Date | null;
  seen_at: Date | null;
  changed_at: Date;
}

const injectionOf = (row: Row): Injection => ({
  id: row.id,
  project: row.slug,
  session: row.session_name,
  from: row.sender,
  fromName: row.sender_name,
  via: row.via,
  text: row.text,
  state: row.state,
  route: row.route,
  reason: row.reason,
  answer: row.answer,
  createdAt: row.created_at.toISOString(),
  deliveredAt: row.delivered_at?.toISOString() ?? null,
  seenAt: row.seen_at?.toISOString() ?? null,
  changedAt: row.changed_at.toISOString(),
});

const columns = (tx: Tx, { project, session }: Place) => tx`
  i.*, ${project.slug}::text as slug, ${session.name}::text as session_name`;

/** One of a session's injections, by id. */
export async function get(db: Db, caller: Caller, place: Place, id: string): Promise<Injection> {
  const [row] = await db.as(
    caller.org,
    (tx) => tx<Row[]>`
      select ${columns(tx, place)} from injections i
      where i.project_id = ${place.project.id} and i.session_id = ${place.session.id}
        and i.id::text = ${id.toLowerCase()} and ${within(tx, caller, place.project.id)}`,
  );
  if (row) return injectionOf(row);
  throw new PolarisError("not_found", `There is no such injection in "${place.session.name}".`, {
    hint: "GET …/injections lists them.",
  });
}

/** A session's injections, the newest first. */
export async function list(
  db: Db,
  caller: Caller,
  place: Place,
  wanted: { limit: number; cursor?: string | undefined; states?: string[] | undefined },
): Promise<Page<Injection>> {
  const { limit, cursor, states } = wanted;
  const [at, id] = cursor ? readCursor(cursor, 2) : [];
  const rows = await db.as(
    caller.org,
    (tx) => tx<(Row & { sort: string })[]>`
      select ${columns(tx, place)},
        to_char(i.created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as sort
      from injections i
      where i.project_id = ${place.project.id} and i.session_id = ${place.session.id}
        and ${within(tx, caller, place.project.id)}
        ${states ? tx`and i.state = any(${states})` : tx``}
        ${at && id ? tx`and (i.created_at, i.id) < (${at}::text::timestamptz, ${id}::uuid)` : tx``}
      order by i.created_at desc, i.id desc limit ${limit + 1}`,
  );
  const last = rows[limit - 1];
  const next = rows.length > limit && last ? cursorOf(last.sort, last.id) : null;
  return { items: rows.slice(0, limit).map(injectionOf), next };
}
