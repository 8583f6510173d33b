import type { Tx } from "../db/db.ts";
import { uuid5 } from "../lib/uuid.ts";
import type { WebhookBody } from "../wire/webhook.ts";
import type { Reader, Stretch } from "./behind.ts";

interface Hook {
  id: string;
  kinds: string[];
}

interface Row {
  id: string;
  seq: string;
  kind: string;
  at: Date;
  sender: string;
  text: string | null;
  reason: string | null;
  slug: string;
  name: string;
  title: string | null;
}

/** As much of a text as a message carries; its address leads to the rest. */
const LONGEST = 2000;

/** Writes down what webhooks are to be told of, in the transaction that moves the cursor: each event once. */
export const teller = (publicUrl: () => string, told: (org: string) => void): Reader => ({
  name: "teller",
  cursors: "webhook_cursors",
  fromNow: true,
  isLight: true,
  async take(tx, stretch) {
    const hooks = await hooksOf(tx, stretch);
    if (hooks.length === 0) return;
    const rows = await eventsOf(tx, stretch);
    const messages = rows.flatMap((row) => {
      const kind = kindOf(row);
      const body = JSON.stringify(bodyOf(row, kind, publicUrl()));
      return hooks
        .filter(({ kinds }) => kinds.includes(kind) || kinds.includes("*"))
        .map((hook) => ({ id: uuid5(hook.id, row.id), webhook: hook.id, kind, body }));
    });
    if (messages.length === 0) return;
    await tx`
      insert into webhook_messages (id, org_id, project_id, webhook_id, kind, body, next_at)
      select id, ${stretch.org}::uuid, ${stretch.project}::uuid, webhook, kind, body, now()
      from jsonb_to_recordset(${JSON.stringify(messages)}::text::jsonb)
        as m(id uuid, webhook uuid, kind text, body text)
      on conflict do nothing`;
    // Not before the commit: a look that comes too early finds it at the next one, a second later.
    setTimeout(() => told(stretch.org), 50);
  },
});

/** A private project is told of to whom it was pointed at, and to nobody who listens to the whole organisation. */
const hooksOf = (tx: Tx, { org, project }: Stretch) =>
  tx<Hook[]>`
    select w.id, w.kinds from webhooks w join projects p on p.id = ${project}
    where w.org_id = ${org} and w.deleted_at is null and w.disabled_at is null and p.archived_at is null
      and (w.project_id = p.id or (w.project_id is null and p.visibility = 'org'))`;

const eventsOf = (tx: Tx, { project, from, upTo }: Stretch) =>
  tx<Row[]>`
    select e.id, e.seq, e.kind, e.at, e.sender, left(e.text, ${LONGEST}) as text, e.body ->> 'reason' as reason,
      p.slug, s.name, s.title
    from events e join sessions s on s.id = e.session_id join projects p on p.id = e.project_id
    where e.project_id = ${project} and e.seq > ${from} and e.seq <= ${upTo} and e.parent is null
      and e.kind not in ('tool.call', 'tool.result', 'agent.thought', 'usage') order by e.seq`;

function kindOf({ kind, reason }: Row): string {
  if (kind === "session.start") return "session.started";
  if (kind === "permission.request" || kind === "question.asked") return "session.needs_human";
  if (kind === "turn.end") return reason === "error" ? "session.failed" : "session.idle";
  if (kind === "session.end") return "session.finished";
  return kind;
}

function bodyOf(row: Row, type: string, publicUrl: string): WebhookBody {
  const { slug: project, name: session, title, kind, sender, text } = row;
  const seq = Number(row.seq);
  const url = `${publicUrl}/app/p/${encodeURIComponent(project)}/s/${encodeURIComponent(session)}#e-${seq}`;
  return {
    type,
    timestamp: row.at.toISOString(),
    data: {
      project,
      session,
      title,
      seq,
      kind,
      sender,
      ...(text ? { text: text.toWellFormed() } : {}),
      url,
    },
  };
}
