import type { Tx } from "../core/database.ts";
import { placeOf } from "../core/slack-channels.ts";
import { enqueue } from "../core/slack-outbox.ts";
import type { StoredEvent } from "../wire/event.ts";

/** A project as the mirror sees it. */
export interface Mirrored {
  org: string;
  team: string;
  project: string;
  slug: string;
  name: string;
  /** The organisation's wishes, and the project's own over them. */
  settings: Record<string, unknown>;
  /** The address people use, for links. */
  publicUrl: string;
}

/** Says in Slack what happened: called with the next events of a project, in the transaction that moves its cursor. */
export async function render(tx: Tx, project: Mirrored, events: StoredEvent[]): Promise<void> {
  const said = events.filter(({ kind }) => kind === "user.message" || kind === "agent.message");
  if (said.length === 0) return;
  const { org, team } = project;
  const place = await placeOf(tx, { org, team, project: project.project, name: project.slug });
  for (const event of said) {
    const root = `root ${event.session}`;
    const about = { org, team, to: { channel: place.id }, project: project.project };
    const text = `${project.name} · ${event.sessionName}`;
    await enqueue(tx, {
      ...about,
      key: root,
      method: "post",
      payload: { text },
      session: event.session,
    });
    await enqueue(tx, {
      ...about,
      key: `event ${event.id}`,
      method: "post",
      thread: root,
      payload: { text: `${event.sender}: ${event.text ?? ""}`.slice(0, 3000) },
      session: event.session,
    });
  }
}
