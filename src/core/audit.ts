/**
 * The organisation's memory of who did what that mattered. A row is written inside the transaction of its act, so that
 * there is neither an act without its row nor a row without its act.
 *
 * n has no gaps and each hash covers the hash before it, so writers of one organisation stand in a queue from `note` to
 * their commit. Only rare acts are written down (ingest never is), and `note` comes last in its transaction, which keeps
 * the queue short and the order of locks (project, then audit) the same everywhere.
 */
import { createHash } from "node:crypto";
import type { Db, Tx } from "../db/db.ts";
import type { AuditFilter, AuditRow } from "../wire/audit.ts";
import type { Page } from "../wire/session.ts";
import type { Caller } from "./caller.ts";
import { storable, storableText } from "./storable.ts";

export interface Note {
  org: string;
  actor: string;
  /** `noun.verb`: `project.read`, `role.changed`, `token.revoked`. */
  action: string;
  target?: string | undefined;
  detail?: Record<string, unknown> | undefined;
  address?: string | undefined;
}

/** What a caller's act says of them. */
export const by = ({ org, participant: actor, address }: Actor) => ({ org, actor, address });
type Actor = Pick<Caller, "org" | "participant" | "address">;

/** Appends one row to the organisation's chain; it exists when the act's transaction commits. */
export async function note(tx: Tx, wanted: Note): Promise<void> {
  await queue(tx, wanted.org);
  await write(tx, wanted);
}

/** As `note`, unless the same actor did the same to the same target in this hour: for what is worth one row, not hundreds. */
export async function noteHourly(tx: Tx, wanted: Note): Promise<void> {
  await queue(tx, wanted.org);
  const [known] = await tx`
    select 1 from audit
    where org_id = ${wanted.org} and actor = ${wanted.actor} and action = ${wanted.action}
      and at >= date_trunc('hour', now()) and target is not distinct from ${wanted.target ?? null} limit 1`;
  if (!known) await write(tx, wanted);
}

const queue = (tx: Tx, org: string) =>
  tx`select pg_advisory_xact_lock(hashtextextended(${`audit ${org}`}, 0))`;

async function write(tx: Tx, wanted: Note): Promise<void> {
  const { org } = wanted;
  const [last] = await tx<{ n: string; hash: Uint8Array }[]>`
    select n, hash from audit where org_id = ${org} order by n desc limit 1`;
  // What is hashed and what is kept must be the same: no time below a millisecond, nothing that JSON leaves out.
  const row = {
    n: Number(last?.n ?? 0) + 1,
    at: new Date(),
    actor: storableText(wanted.actor),
    action: wanted.action,
    target: wanted.target === undefined ? null : storableText(wanted.target),
    detail: storable(JSON.parse(JSON.stringify(wanted.detail ?? {}))),
    address: wanted.address ?? null,
  };
  await tx`
    insert into audit (org_id, n, at, actor, action, target, detail, address, hash)
    values (${org}, ${row.n}, ${row.at}, ${row.actor}, ${row.action}, ${row.target},
      ${JSON.stringify(row.detail)}::text::jsonb, ${row.address}, ${link(org, row, last?.hash)})`;
}

export interface Content {
  n: number;
  at: Date;
  actor: string;
  action: string;
  target: string | null;
  detail: unknown;
  address: string | null;
}

/** SHA-256 over the hash before and the row as a JSON array, objects with sorted keys. The first row has none before it. */
export function link(org: string, row: Content, before: Uint8Array | undefined): Buffer {
  const { n, at, actor, action, target, detail, address } = row;
  const text = JSON.stringify([
    org,
    n,
    at.toISOString(),
    actor,
    action,
    target,
    sorted(detail),
    address,
  ]);
  return createHash("sha256")
    .update(before ?? "")
    .update(text)
    .digest();
}

/** jsonb gives keys back in an order of its own. */
function sorted(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(sorted);
  const entries = Object.entries(value).map(([key, item]) => [key, sorted(item)] as const);
  return Object.fromEntries(entries.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

export interface Row extends Omit<Content, "n"> {
  n: string;
  detail: Record<string, unknown>;
  hash: Uint8Array;
}

/** The organisation's rows, newest first; `next` goes into `before`. */
export async function list(
  db: Db,
  org: string,
  wanted: AuditFilter & { before?: number | undefined; limit: number },
): Promise<Page<AuditRow>> {
  const { actor, action, target, since, before, limit } = wanted;
  const rows = await db.as(
    org,
    (tx) => tx<Row[]>`
      select n, at, actor, action, target, detail, address, hash from audit
      where org_id = ${org}
        ${actor === undefined ? tx`` : tx`and actor = ${actor}`}
        ${action === undefined ? tx`` : tx`and (action = ${action} or starts_with(action, ${`${action}.`}))`}
        ${target === undefined ? tx`` : tx`and target = ${target}`}
        ${since === undefined ? tx`` : tx`and at >= ${since}::timestamptz`}
        ${before === undefined ? tx`` : tx`and n < ${before}`}
      order by n desc limit ${limit + 1}`,
  );
  const items = rows.slice(0, limit).map((row) => ({
    ...row,
    n: Number(row.n),
    at: row.at.toISOString(),
    hash: Buffer.from(row.hash).toString("hex"),
  }));
  const last = items.at(-1);
  return { items, next: rows.length > limit && last ? String(last.n) : null };
}

/** All of them, newest first, a page at a time: a file of any length takes no more memory than one page. */
export async function* every(db: Db, org: string, wanted: AuditFilter): AsyncGenerator<AuditRow> {
  let before: number | undefined;
  do {
    const { items, next } = await list(db, org, { ...wanted, before, limit: 500 });
    yield* items;
    before = next === null ? undefined : Number(next);
  } while (before !== undefined);
}
