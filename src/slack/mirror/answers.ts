import * as agentInbox from "../../core/agent-inbox.ts";
import type { Db } from "../../core/database.ts";
import * as advice from "../../core/slack-advice.ts";
import { settingsOf } from "../../core/slack-inbound.ts";
import { enqueue } from "../../core/slack-outbox.ts";
import { shape } from "../format/long.ts";
import { personas } from "./persona.ts";
import { SIGNS } from "./receipt.ts";
import { message } from "./say.ts";
import { wishesOf } from "./wishes.ts";

/** Takes what named agents answered to the threads in which they were asked. Answers whether there was anything. */
export async function tellAnswers(
  db: Db,
  { org, team }: { org: string; team: string },
): Promise<boolean> {
  return db.as(org, async (tx) => {
    const answers = await agentInbox.takeUntold(tx, org);
    const personaOf = personas(tx, { org, team });
    for (const { id, agent, project, answer } of answers) {
      const asked = await advice.byInjection(tx, org, id);
      if (!asked || asked.team !== team) continue;
      const wishes = wishesOf(await settingsOf(tx, org, project));
      const { channel, ts } = asked;
      const thread = await advice.place(tx, org, { ...asked, ts: asked.thread ?? ts });
      const persona = await personaOf(`agent:${agent}`);
      const about = { org, team, to: { id: channel }, project } as const;
      const { lead, rest } = shape(answer, wishes.long === "snippet" ? "thread" : wishes.long);
      for (const [at, part] of [lead, ...rest].entries()) {
        const payload = message(persona, part, { isNamed: wishes.personas, notes: [] });
        await enqueue(tx, { ...about, key: `answer ${id} ${at}`, method: "post", thread, payload });
      }
      const name = SIGNS.seen;
      const key = `react ${name} ${channel} ${ts}`;
      await enqueue(tx, { ...about, key, method: "react", target: { ts }, payload: { name } });
    }
    return answers.length > 0;
  });
}
