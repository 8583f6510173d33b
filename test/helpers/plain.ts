import { placeOf } from "../../src/core/slack-channels.ts";
import type { Render } from "../../src/core/slack-mirror.ts";
import { enqueue } from "../../src/core/slack-outbox.ts";

/** Every prompt and answer as a reply in its session's thread: what tests of the transport count. */
export const plain: Render = async (tx, { org, team, project, slug }, events) => {
  const said = events.filter(({ kind }) => kind === "user.message" || kind === "agent.message");
  if (said.length === 0) return;
  const place = await placeOf(tx, { org, team, project, name: slug });
  for (const { id, session, sessionName, sender, text = "" } of said) {
    const root = `root ${session}`;
    const about = { org, team, to: { channel: place.id }, project, session };
    const post = { ...about, method: "post" } as const;
    await enqueue(tx, { ...post, key: root, payload: { text: `${slug} · ${sessionName}` } });
    const payload = { text: `${sender}: ${text}` };
    await enqueue(tx, { ...post, key: `event ${id}`, thread: root, payload });
  }
};
