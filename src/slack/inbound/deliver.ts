import type { WebClient } from "@slack/web-api";
import * as agentInbox from "../../core/agent-inbox.ts";
import { inject } from "../../core/injections.ts";
import * as projects from "../../core/projects.ts";
import * as sessions from "../../core/sessions.ts";
import * as advice from "../../core/slack-advice.ts";
import type { Meant } from "../../core/slack-inbound.ts";
import { enqueue } from "../../core/slack-outbox.ts";
import { uuid5 } from "../../lib/uuid.ts";
import { PolarisError } from "../../wire/error.ts";
import { escaped } from "../format/safe.ts";
import type { Deps } from "../listeners.ts";
import { SIGNS } from "../mirror/receipt.ts";
import { demandVoice, type Somebody, type Spot, whois } from "./whom.ts";

/** A message in Slack on its way to an agent. */
export interface Letter extends Spot {
  channel: string;
  ts: string;
  /** The thread it stands in; undefined: in the channel itself. */
  thread: string | undefined;
  text: string;
}

const NAMESPACE = "5d0c9a0e-6f0b-4b52-9d5c-1f4f3a2c7b11";

/** One message is one piece of advice, also when Slack or a crash tells us of it again. */
export const adviceId = ({ team, channel, ts }: Pick<Letter, "team" | "channel" | "ts">): string =>
  uuid5(NAMESPACE, JSON.stringify([team, channel, ts]));

/**
 * Hands the message to the session as advice of whoever wrote it. Where its receipts go is written down first, so that
 * none can come before; what is refused is said to the writer alone.
 */
export async function deliver(
  deps: Deps,
  client: WebClient,
  letter: Letter,
  session: Pick<Meant, "id" | "slug" | "project">,
): Promise<boolean> {
  const { db, bell } = deps;
  const { org, team, channel, ts, thread = null } = letter;
  return orExplain(deps, letter, async () => {
    const somebody = await whois(deps, client, letter);
    await demandVoice(deps, somebody, session.project);
    const place = await placeOf(deps, somebody, session);
    const id = adviceId(letter);
    const row = { org, team, channel, ts, thread, slackUser: letter.user, injection: id };
    await db.as(org, (tx) =>
      advice.remember(tx, { ...row, project: session.project, session: session.id }),
    );
    try {
      await inject(db, bell, somebody.caller, place, { id, text: letter.text, via: "slack" });
    } catch (error) {
      await db.as(org, (tx) => advice.forget(tx, org, channel, ts));
      throw error;
    }
    await sign(deps, letter, "queued", session.id);
  });
}

/** Puts it into a named agent's inbox; its answer comes back to the thread (`agent-answer.ts`). */
export async function deliverToAgent(
  deps: Deps,
  client: WebClient,
  letter: Letter,
  to: { agent: string; project: string; session?: string | undefined },
): Promise<boolean> {
  const { org, team, channel, ts, thread = null } = letter;
  return orExplain(deps, letter, async () => {
    const somebody = await whois(deps, client, letter);
    await demandVoice(deps, somebody, to.project);
    const { person, caller } = somebody;
    await deps.db.as(org, async (tx) => {
      const row = { org, team, channel, ts, thread, slackUser: letter.user };
      const id = adviceId(letter);
      const target = { injection: id, project: to.project, session: to.session ?? null };
      if (!(await advice.remember(tx, { ...row, ...target }))) return;
      const from = { sender: caller.participant, senderName: person.name, via: "slack" };
      await agentInbox.put(tx, org, { ...to, ...from, id, text: letter.text });
    });
    deps.bell.ring(org, to.project);
    await sign(deps, letter, "queued", to.session);
  });
}

export async function placeOf(
  { db }: Pick<Deps, "db">,
  { caller }: Somebody,
  session: Pick<Meant, "id" | "slug">,
) {
  const project = await projects.get(db, caller, session.slug);
  return { project, session: await sessions.get(db, caller, session.slug, session.id) };
}

async function sign(
  deps: Deps,
  { org, team, channel, ts }: Letter,
  name: keyof typeof SIGNS,
  session?: string | undefined,
): Promise<void> {
  await deps.db.as(org, (tx) =>
    enqueue(tx, {
      org,
      team,
      to: { id: channel },
      key: `react ${SIGNS[name]} ${channel} ${ts}`,
      method: "react",
      target: { ts },
      payload: { name: SIGNS[name] },
      ...(session ? { session } : {}),
    }),
  );
  deps.kick(org);
}

/** What the rules refuse is said to the writer; all else is tried again. */
export async function orExplain(
  deps: Deps,
  letter: Omit<Letter, "text">,
  work: () => Promise<void>,
  isRare = false,
): Promise<boolean> {
  try {
    await work();
    return true;
  } catch (error) {
    if (!(error instanceof PolarisError) || error.status >= 500) throw error;
    const { message, hint } = error;
    await whisper(deps, letter, { text: escaped(hint ? `${message} ${hint}` : message) }, isRare);
    return false;
  }
}

/**
 * Says something to the writer alone, next to what they wrote; once. What is rare is said once in that channel for as
 * long as the outbox remembers it, a week: who talks with others there need not hear it with each line.
 */
export async function whisper(
  deps: Deps,
  { org, team, channel, ts, user, thread }: Omit<Letter, "text">,
  payload: { text: string; blocks?: unknown[] },
  isRare = false,
): Promise<void> {
  const about = isRare ? user : ts;
  await deps.db.as(org, async (tx) => {
    const session = null;
    const under = thread && (await advice.place(tx, org, { team, channel, ts: thread, session }));
    await enqueue(tx, {
      org,
      team,
      to: { id: channel },
      key: `whisper ${channel} ${about} ${Bun.hash(payload.text).toString(36)}`,
      method: "ephemeral",
      ...(under ? { thread: under } : {}),
      payload: { user, ...payload },
    });
  });
  deps.kick(org);
}
