import type { Db } from "../db/db.ts";
import type { Project, Session } from "../wire/session.ts";
import { by, note } from "./audit.ts";
import type { Caller } from "./caller.ts";
import type { Doorbell } from "./doorbell.ts";
import { own, post } from "./post.ts";

/** Queues advice for a session: an event like any other, and a row in the audit. Its words stay in the event alone. */
export async function inject(
  db: Db,
  bell: Doorbell,
  caller: Caller,
  { project, session }: { project: Project; session: Session },
  text: string,
): Promise<{ id: string; seq: number | undefined }> {
  const { participant } = caller;
  const event = own("injection.queued", participant, { text, body: { from: participant } });
  const target = `${project.slug}/${session.name}`;
  const act = { action: "injection.queued", target, detail: { id: event.id } };
  const [queued] = await post(
    db,
    bell,
    caller,
    { project, session, events: [event] },
    { after: (tx) => note(tx, { ...by(caller), ...act }) },
  );
  return { id: event.id, seq: queued?.seq };
}
