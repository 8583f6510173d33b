import type { Db, Tx } from "../db/db.ts";
import { uuid7 } from "../lib/uuid.ts";
import type { Face } from "../wire/agent.ts";
import { PolarisError } from "../wire/error.ts";
import type { StoredEvent } from "../wire/event.ts";
import type { Page, Project, Session } from "../wire/session.ts";
import { NewShare, type Parts, type Scope, type Share } from "../wire/share.ts";
import { demand, visible } from "./access.ts";
import { by, note, noteHourly } from "./audit.ts";
import { type Caller, mayAdmin } from "./caller.ts";
import { MOST, pageOf, readCursor, type Wish } from "./cursor.ts";
import { columns, type EventRow, storedOf } from "./history.ts";
import { input } from "./input.ts";
import { hashOf, newSecret, shown } from "./secrets.ts";
import { faces } from "./sessions.ts";

interface Row {
  id: string;
  project: string;
  session: string;
  from_seq: string | null;
  to_seq: string | null;
  parts: Parts;
  created_by: string;
  created_at: Date;
  expires_at: Date;
  revoked_at: Date | null;
  views: number;
  viewed_at: Date | null;
}

const shareOf = (row: Row): Share => ({
  id: row.id,
  project: row.project,
  session: row.session,
  fromSeq: row.from_seq === null ? null : Number(row.from_seq),
  toSeq: row.to_seq === null ? null : Number(row.to_seq),
  parts: row.parts,
  createdBy: row.created_by,
  createdAt: row.created_at.toISOString(),
  expiresAt: row.expires_at.toISOString(),
  revokedAt: row.revoked_at?.toISOString() ?? null,
  views: row.views,
  viewedAt: row.viewed_at?.toISOString() ?? null,
});

const fields = (tx: Tx) => tx`
  h.id, p.slug as project, s.name as session, h.from_seq, h.to_seq, h.parts, h.created_by, h.created_at, h.expires_at,
  h.revoked_at, h.views, h.viewed_at`;

/** A script needs the scope admin: who lets it advise does not mean to let it open a session to everybody. */
export function mayShare(caller: Caller): void {
  demand(caller, "inject");
  if (caller.kind === "api" && !caller.scopes.includes("admin")) {
    throw new PolarisError("forbidden", "A script needs the scope admin to share a session.");
  }
}

/** Makes a link; its secret is told this once. */
export async function create(
  db: Db,
  caller: Caller,
  { project, session }: { project: Project; session: Session },
  wanted: NewShare,
): Promise<{ share: Share; secret: string }> {
  const asked = input(NewShare, wanted);
  mayShare(caller);
  if (asked.fromSeq && asked.toSeq && asked.fromSeq > asked.toSeq) {
    throw new PolarisError("invalid_input", "The stretch ends before it begins.");
  }
  const [id, secret] = [uuid7(), newSecret("v")];
  const expiresAt = new Date(Date.now() + asked.days * 86_400_000);
  return db.as(caller.org, async (tx) => {
    await tx`
      insert into shares (id, org_id, project_id, session_id, hash, from_seq, to_seq, parts, created_by, expires_at)
      values (${id}, ${caller.org}, ${project.id}, ${session.id}, ${hashOf(secret)}, ${asked.fromSeq ?? null},
        ${asked.toSeq ?? null}, ${asked.parts}, ${caller.participant}, ${expiresAt})`;
    const { fromSeq, toSeq, parts } = asked;
    await note(tx, {
      ...by(caller),
      action: "share.created",
      target: `${project.slug}/${session.name}`,
      detail: { id, fromSeq, toSeq, parts, expiresAt: expiresAt.toISOString() },
    });
    const [row] = await tx<Row[]>`
      select ${fields(tx)} from shares h join projects p on p.id = h.project_id
      join sessions s on s.id = h.session_id where h.id = ${id}`;
    if (!row) throw new Error("the share was not made");
    return { share: shareOf(row), secret };
  });
}

/** Links of a session, or of all sessions the caller may see; the newest first, those that are over included. */
export async function list(
  db: Db,
  caller: Caller,
  session?: string,
  { limit = MOST, cursor }: Wish = {},
): Promise<Page<Share>> {
  const [before = null] = cursor ? readCursor(cursor, 1) : [];
  const rows = await db.as(
    caller.org,
    (tx) => tx<Row[]>`
      select ${fields(tx)} from shares h join projects p on p.id = h.project_id join sessions s on s.id = h.session_id
      where h.org_id = ${caller.org} and ${visible(tx, caller)} ${session ? tx`and h.session_id = ${session}` : tx``}
        and (${before}::text is null or h.id < ${before}::text::uuid)
      order by h.id desc limit ${limit + 1}`,
  );
  return pageOf(rows, limit, ({ id }) => [id], shareOf);
}

/** Ends a link: whoever made it may, and admins. */
export async function revoke(db: Db, caller: Caller, id: string): Promise<void> {
  await db.as(caller.org, async (tx) => {
    const [row] = await tx<{ created_by: string; slug: string; name: string; over: boolean }[]>`
      select h.created_by, p.slug, s.name, h.revoked_at is not null as over
      from shares h join projects p on p.id = h.project_id join sessions s on s.id = h.session_id
      where h.id::text = ${id} and h.org_id = ${caller.org}
        and (${visible(tx, caller)} or ${mayAdmin(caller)}) for update of h`;
    if (!row || (row.created_by !== caller.participant && !mayAdmin(caller))) {
      throw new PolarisError("not_found", "There is no such link of yours.", {
        hint: "GET /shares lists them; whoever made one may end it, and admins.",
      });
    }
    if (row.over) return;
    await tx`update shares set revoked_at = now(), revoked_by = ${caller.participant} where id::text = ${id}`;
    const target = `${row.slug}/${row.name}`;
    await note(tx, { ...by(caller), action: "share.revoked", target, detail: { id } });
  });
}

/** What is said of the session itself; agents of the registry with their names. */
type Shown = Pick<
  Session,
  "id" | "name" | "title" | "agent" | "driver" | "agentFace" | "driverFace"
>;

/** What a link opens, and nothing beside it. */
export interface Opened {
  id: string;
  org: string;
  project: string;
  session: Shown;
  scope: Scope;
  expiresAt: Date;
}

interface OpenedRow {
  id: string;
  org_id: string;
  project_id: string;
  session_id: string;
  from_seq: string | null;
  to_seq: string | null;
  parts: Parts;
  expires_at: Date;
}

const isAlive = (tx: Tx) => tx`h.revoked_at is null and h.expires_at > now()`;

/** Opens a link; throws `share_over` alike for one that is over, revoked, or never was. */
export async function open(db: Db, secret: string): Promise<Opened> {
  const hash = hashOf(secret);
  const [row] = await shown(
    db,
    hash,
    (tx) => tx<OpenedRow[]>`
      select h.id, h.org_id, h.project_id, h.session_id, h.from_seq, h.to_seq, h.parts, h.expires_at
      from shares h where h.hash = ${hash} and ${isAlive(tx)}`,
  );
  if (!row) throw over();
  const [session] = await db.as(
    row.org_id,
    (tx) => tx<(Shown & { agent_face: Face | null; driver_face: Face | null })[]>`
      select s.id, s.name, s.title, s.agent, s.driver, ${faces(tx)} from sessions s join projects p on p.id = s.project_id
      where s.id = ${row.session_id} and p.archived_at is null`,
  );
  if (!session) throw over();
  const { agent_face: agentFace, driver_face: driverFace, ...rest } = session;
  return {
    id: row.id,
    org: row.org_id,
    project: row.project_id,
    session: {
      ...rest,
      ...(agentFace ? { agentFace } : {}),
      ...(driverFace ? { driverFace } : {}),
    },
    scope: {
      ...(row.from_seq === null ? {} : { fromSeq: Number(row.from_seq) }),
      ...(row.to_seq === null ? {} : { toSeq: Number(row.to_seq) }),
      parts: row.parts,
    },
    expiresAt: row.expires_at,
  };
}

const over = (): PolarisError =>
  new PolarisError("share_over", "This link is over, or was never one.", {
    hint: "Ask whoever sent it for a new one.",
  });

/** Counts a look at a link, and writes it down once an hour. */
export async function viewed(
  db: Db,
  { id, org, session }: Opened,
  address: string | undefined,
): Promise<void> {
  await db.as(org, async (tx) => {
    await tx`update shares set views = views + 1, viewed_at = now() where id = ${id}`;
    const act = { action: "share.viewed", target: id, detail: { session: session.name } };
    await noteHourly(tx, { org, actor: "link", ...act, address });
  });
}

/** Without the tools' work: what people and agents said to each other. */
const TALK = [
  "user.message",
  "agent.message",
  "question.asked",
  "question.answered",
  "injection.queued",
  "injection.answered",
  "subagent.start",
  "error",
];

/** A page of what a scope shows, in order. The preview, the shared page and exports are made of this and nothing else. */
export async function read(
  db: Db,
  org: string,
  place: { project: string; session: string },
  scope: Scope,
  { after = 0, limit, whole = false }: { after?: number; limit: number; whole?: boolean },
): Promise<Page<StoredEvent>> {
  const { fromSeq = 1, toSeq, parts } = scope;
  const rows = await db.as(
    org,
    (tx) => tx<EventRow[]>`
      select ${columns(tx)} from events e join sessions s on s.id = e.session_id
      where e.project_id = ${place.project} and e.session_id = ${place.session}
        and e.seq > ${after} and e.seq >= ${fromSeq} ${toSeq ? tx`and e.seq <= ${toSeq}` : tx``}
        ${parts === "talk" ? tx`and e.kind = any(${TALK}) and e.body ->> 'origin' is distinct from 'system'` : tx``}
      order by e.seq limit ${limit + 1}`,
  );
  const items = rows.slice(0, limit).map((row) => storedOf(row, whole));
  const last = items.at(-1);
  return { items, next: rows.length > limit && last ? String(last.seq) : null };
}

/** All of it, a page at a time: memory stays bounded however long the session is. */
export async function* all(
  db: Db,
  org: string,
  place: { project: string; session: string },
  scope: Scope,
): AsyncGenerator<StoredEvent> {
  for (let after = 0; ; ) {
    const page = await read(db, org, place, scope, { after, limit: 500, whole: true });
    yield* page.items;
    if (!page.next) return;
    after = Number(page.next);
  }
}
