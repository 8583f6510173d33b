import { randomBytes } from "node:crypto";
import type { Db, Tx } from "../db/db.ts";
import type { Seal } from "../lib/seal.ts";
import { uuid7 } from "../lib/uuid.ts";
import { PolarisError } from "../wire/error.ts";
import type { Page } from "../wire/session.ts";
import type { NewWebhook, Webhook, WebhookBody, WebhookMessage } from "../wire/webhook.ts";
import { visible } from "./access.ts";
import { by, note } from "./audit.ts";
import type { Caller } from "./caller.ts";
import { MOST, pageOf, readCursor, type Wish } from "./cursor.ts";
import * as projects from "./projects.ts";

interface Row {
  id: string;
  url: string;
  kinds: string[];
  project: string | null;
  created_by: string;
  created_at: Date;
  disabled_at: Date | null;
}

const webhookOf = (row: Row): Webhook => ({
  id: row.id,
  url: row.url,
  kinds: row.kinds,
  project: row.project,
  createdBy: row.created_by,
  createdAt: row.created_at.toISOString(),
  disabledAt: row.disabled_at?.toISOString() ?? null,
});

/** Makes one; the secret with which its requests are signed is told this once. */
export async function create(
  db: Db,
  caller: Caller,
  seal: Seal,
  wanted: NewWebhook,
): Promise<{ webhook: Webhook; secret: string }> {
  const project = wanted.project ? await projects.get(db, caller, wanted.project) : undefined;
  const id = uuid7();
  const secret = `whsec_${randomBytes(32).toString("base64")}`;
  await db.as(caller.org, async (tx) => {
    await tx`
      insert into webhooks (id, org_id, project_id, url, secret, kinds, created_by)
      select ${id}, ${caller.org}, ${project?.id ?? null}, ${wanted.url}, ${seal.seal(secret)},
        array(select jsonb_array_elements_text(${JSON.stringify([...new Set(wanted.kinds)])}::text::jsonb)),
        ${caller.participant}`;
    const detail = { host: new URL(wanted.url).host, kinds: wanted.kinds, project: project?.slug };
    await note(tx, { ...by(caller), action: "webhook.created", target: id, detail });
  });
  const webhook = (await list(db, caller)).items.find((each) => each.id === id);
  if (!webhook) throw new Error("the webhook was not made");
  return { webhook, secret };
}

export async function list(
  db: Db,
  caller: Caller,
  { limit = MOST, cursor }: Wish = {},
): Promise<Page<Webhook>> {
  const [after = null] = cursor ? readCursor(cursor, 1) : [];
  const rows = await db.as(
    caller.org,
    (tx) => tx<Row[]>`
      select w.id, w.url, w.kinds, p.slug as project, w.created_by, w.created_at, w.disabled_at
      from webhooks w left join projects p on p.id = w.project_id
      where w.org_id = ${caller.org} and w.deleted_at is null and (p.id is null or ${visible(tx, caller)})
        and (${after}::text is null or w.id > ${after}::text::uuid)
      order by w.id limit ${limit + 1}`,
  );
  return pageOf(rows, limit, ({ id }) => [id], webhookOf);
}

export async function remove(db: Db, caller: Caller, id: string): Promise<void> {
  await db.as(caller.org, async (tx) => {
    await mine(tx, caller, id);
    await tx`update webhooks set deleted_at = now() where id::text = ${id}`;
    await tx`update webhook_messages set next_at = null where webhook_id::text = ${id}`;
    await note(tx, { ...by(caller), action: "webhook.removed", target: id });
  });
}

/** Throws `not_found` for what is not there, or of a project they do not see. */
async function mine(tx: Tx, caller: Caller, id: string): Promise<void> {
  const [row] = await tx`
    select w.id from webhooks w left join projects p on p.id = w.project_id
    where w.id::text = ${id} and w.org_id = ${caller.org} and w.deleted_at is null
      and (p.id is null or ${visible(tx, caller)})`;
  if (!row) {
    throw new PolarisError("not_found", "There is no such webhook.", {
      hint: "GET /webhooks lists them.",
    });
  }
}

/** What was sent lately, and how it went. */
export async function messages(
  db: Db,
  caller: Caller,
  id: string,
  { limit = 100, cursor }: Wish = {},
): Promise<Page<WebhookMessage>> {
  const [at = null, before = null] = cursor ? readCursor(cursor, 2) : [];
  return db.as(caller.org, async (tx) => {
    await mine(tx, caller, id);
    const rows = await tx<Record<string, unknown>[]>`
      select id, kind, created_at, tries, next_at, status, answer, took_ms, delivered_at, created_at::text as sort
      from webhook_messages
      where webhook_id::text = ${id}
        and (${at}::text is null or (created_at, id) < (${at}::text::timestamptz, ${before}::text::uuid))
      order by created_at desc, id desc limit ${limit + 1}`;
    return pageOf(rows, limit, ({ sort, id }) => [String(sort), String(id)], messageOf);
  });
}

const when = (value: unknown) => (value instanceof Date ? value.toISOString() : null);

const messageOf = (row: Record<string, unknown>): WebhookMessage => ({
  id: String(row.id),
  kind: String(row.kind),
  createdAt: when(row.created_at) ?? "",
  tries: Number(row.tries),
  nextAt: when(row.next_at),
  status: row.status === null ? null : Number(row.status),
  answer: row.answer === null ? null : String(row.answer),
  tookMs: row.took_ms === null ? null : Number(row.took_ms),
  deliveredAt: when(row.delivered_at),
});

/** A message of no event, to see whether it arrives. */
export async function ping(db: Db, caller: Caller, id: string): Promise<{ message: string }> {
  const message = uuid7();
  const body: WebhookBody = {
    type: "ping",
    timestamp: new Date().toISOString(),
    data: { from: caller.participant },
  };
  await db.as(caller.org, async (tx) => {
    await mine(tx, caller, id);
    await tx`
      insert into webhook_messages (id, org_id, webhook_id, kind, body, next_at)
      values (${message}, ${caller.org}, ${id}, 'ping', ${JSON.stringify(body)}, now())`;
  });
  return { message };
}

/** Once more, now; also one that was given up. A webhook that was switched off for failing is switched on again. */
export async function retry(db: Db, caller: Caller, id: string, message: string): Promise<void> {
  await db.as(caller.org, async (tx) => {
    await mine(tx, caller, id);
    const done = await tx`
      update webhook_messages set next_at = now(), delivered_at = null
      where id::text = ${message} and webhook_id::text = ${id} returning id`;
    if (done.length === 0) throw new PolarisError("not_found", "There is no such message.");
    await tx`update webhooks set disabled_at = null where id::text = ${id}`;
  });
}
