import * as advice from "../../core/slack-advice.ts";
import type { Mirror } from "../../core/slack-mirrors.ts";
import { wasAsked } from "../../core/slack-outbox.ts";
import type { StoredEvent } from "../../wire/event.ts";
import { line } from "../format/safe.ts";
import { say } from "./say.ts";
import type { Scene } from "./scene.ts";

/** What the person who wrote in Slack sees of their advice: queued, seen, failed. */
export const SIGNS = { queued: "eyes", seen: "white_check_mark", failed: "x" } as const;

/**
 * Steps of a piece of advice. One from Slack gets its receipts where it was written; from elsewhere, its words and the
 * agent's answer are told in the thread like everything else that is said.
 */
export async function receipt(scene: Scene, mirror: Mirror, event: StoredEvent): Promise<void> {
  const { tx, project } = scene;
  const { kind, body } = event;
  const id = kind === "injection.queued" ? event.id : String(body.injection ?? "");
  const from = await advice.byInjection(tx, project.org, id);
  if (kind === "injection.queued") {
    // The message is in Slack already, written by its author.
    if (from || !event.text) return;
    const note = `advice to ${line((await scene.personaOf(mirror.agent)).name, 80)}`;
    const said = { id: event.id, sender: event.sender, to: mirror.agent, text: event.text, note };
    return say(scene, mirror, { ...said, isPrompt: true });
  }
  if (kind === "injection.answered") {
    if (!event.text) return;
    const sender = event.sender.startsWith("agent:") ? event.sender : mirror.agent;
    const thread = from && {
      to: { id: from.channel },
      thread: await threadOf(scene, mirror, from),
    };
    const said = { id: event.id, sender, to: null, text: event.text, isPrompt: false };
    return say(scene, mirror, { ...said, note: "answers advice", thread });
  }
  if (!from) return;
  const { channel, ts } = from;
  const keyOf = (name: string, method: "react" | "unreact") => `${method} ${name} ${channel} ${ts}`;
  const react = (name: string, method: "react" | "unreact" = "react") =>
    scene.write(mirror, {
      to: { id: channel },
      key: keyOf(name, method),
      method,
      target: { ts },
      payload: { name },
    });
  if (kind === "injection.seen") {
    await react(SIGNS.seen);
    // Given up, and read at a later chance: the sign of failure is not true any more.
    if (await wasAsked(tx, project.org, keyOf(SIGNS.failed, "react"))) {
      await react(SIGNS.failed, "unreact");
    }
  }
  if (kind === "injection.recalled") await react(SIGNS.queued, "unreact");
  if (kind !== "injection.failed" && kind !== "injection.expired") return;
  await react(SIGNS.failed);
  const reason = typeof body.reason === "string" ? body.reason : "nobody took it";
  await scene.write(mirror, {
    to: { id: channel },
    key: `why ${event.id}`,
    method: "ephemeral",
    ...(from.thread ? { thread: await threadOf(scene, mirror, from) } : {}),
    payload: { user: from.slackUser, text: `Your message was not delivered: ${line(reason, 500)}` },
  });
}

/** The thread in which somebody asked; a message in the channel itself begins one. */
const threadOf = (scene: Scene, mirror: Mirror, from: advice.Advice): Promise<string> =>
  scene.wishes.layout === "thread" && from.thread && mirror.card
    ? Promise.resolve(mirror.card)
    : advice.place(scene.tx, scene.project.org, { ...from, ts: from.thread ?? from.ts });
