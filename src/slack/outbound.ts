import type { Tx } from "../core/database.ts";
import type { Mirrored } from "../core/slack-mirror.ts";
import type { Mirror } from "../core/slack-mirrors.ts";
import * as mirrors from "../core/slack-mirrors.ts";
import type { StoredEvent } from "../wire/event.ts";
import { line } from "./format/safe.ts";
import { context, plural } from "./mirror/card.ts";
import { isLate, late, tellLate } from "./mirror/late.ts";
import { failed, finished, handedOver, needs, settle } from "./mirror/notice.ts";
import { receipt } from "./mirror/receipt.ts";
import { say } from "./mirror/say.ts";
import { type Scene, startScene, still } from "./mirror/scene.ts";

/** With the address people use, for links. */
export interface Shown extends Mirrored {
  publicUrl: string;
}

/** Says in Slack what happened: called with the next events of a project, in the transaction that moves its cursor. */
export async function render(tx: Tx, project: Shown, events: StoredEvent[]): Promise<void> {
  if (events.length === 0) return;
  const { scene, close } = await startScene(tx, project, events);
  const caughtUp = new Map<Mirror, number>();
  for (const event of events) {
    const mirror = scene.mirrorOf(event);
    if (!mirror || scene.verbosityOf(mirror) === "off") continue;
    if (isLate(event)) {
      await late(scene, mirror, event);
      caughtUp.set(mirror, event.seq);
      continue;
    }
    if (mirror.late && SPOKEN.has(event.kind)) {
      // The summary ends where the conversation goes on.
      await tellLate(scene, mirror, event.seq);
      caughtUp.delete(mirror);
      mirror.late = null;
    }
    await tell(scene, mirror, event);
  }
  for (const [mirror, seq] of caughtUp) await tellLate(scene, mirror, seq);
  await close();
}

const SPOKEN = new Set(["user.message", "agent.message", "tool.call", "turn.end"]);

async function tell(scene: Scene, mirror: Mirror, event: StoredEvent): Promise<void> {
  const { kind, body } = event;
  const isQuiet = scene.verbosityOf(mirror) === "quiet";
  if (kind === "permission.request" || kind === "question.asked") {
    return needs(scene, mirror, event);
  }
  if (event.parent) return; // a subagent's words are its parent's business
  if (GOES_ON.has(kind)) await settle(scene, mirror, event);
  switch (kind) {
    case "user.message":
      return isQuiet ? rootOf(scene, mirror) : prompt(scene, mirror, event);
    case "agent.message":
      return isQuiet ? undefined : answer(scene, mirror, event);
    case "tool.call":
      mirror.turnTools++;
      return scene.verbosityOf(mirror) === "all" ? tools(scene, mirror, event) : undefined;
    case "turn.end":
      await lastWords(scene, mirror, event.sender);
      mirror.turnTools = 0;
      mirror.toolsKey = null;
      if (body.reason === "error") return failed(scene, mirror, event);
      mirror.failed = false;
      return;
    case "error":
      return body.final === true ? failed(scene, mirror, event) : undefined;
    case "session.end":
      await lastWords(scene, mirror, event.sender);
      return finished(scene, mirror, event);
    case "driver.changed":
      return handedOver(scene, mirror, event);
    default:
      return kind.startsWith("injection.") ? receipt(scene, mirror, event) : undefined;
  }
}

/** After these nobody waits for a human any more. */
const GOES_ON = new Set([
  "user.message",
  "agent.message",
  "tool.result",
  "permission.decision",
  "question.answered",
  "turn.end",
  "session.end",
]);

/** Makes the card that notices and answers stand under. */
async function rootOf(scene: Scene, mirror: Mirror): Promise<void> {
  if (scene.wishes.layout !== "feed") await scene.place(mirror);
}

async function prompt(scene: Scene, mirror: Mirror, event: StoredEvent): Promise<void> {
  const { body, text } = event;
  await lastWords(scene, mirror, mirror.agent);
  // What came in as advice was told when it was given; what the client does by itself (`/rename`, `!ls`) is not said.
  if (body.origin === "system" || body.origin === "injected") return;
  if ((body.command || body.bash) && scene.verbosityOf(mirror) !== "all") return;
  if (!text) return;
  mirror.toolsKey = null;
  const { id, sender } = event;
  await say(scene, mirror, { id, sender, to: mirror.agent, text, isPrompt: true });
}

/**
 * An agent speaks many times in a turn: "let me look", and again between its tools. Only its last words are the answer,
 * and which those were shows at the end of the turn. What programs post themselves knows no turns and is told at once.
 */
async function answer(scene: Scene, mirror: Mirror, event: StoredEvent): Promise<void> {
  const isWhole = scene.verbosityOf(mirror) === "all" || event.source.via === "api";
  if (!isWhole) {
    mirror.answerSeq = event.seq;
    return;
  }
  const { id, sender, text } = event;
  if (!text) return;
  mirror.toolsKey = null;
  const said = { id, sender, to: mirror.driver, text, isPrompt: false };
  await say(scene, mirror, { ...said, note: toolsNote(mirror) });
  mirror.turnTools = 0;
}

const toolsNote = (mirror: Mirror): string | undefined =>
  mirror.turnTools > 0 ? plural(mirror.turnTools, "tool call") : undefined;

async function lastWords(scene: Scene, mirror: Mirror, sender: string): Promise<void> {
  if (mirror.answerSeq === null) return;
  const event = await mirrors.eventAt(scene.tx, scene.project.project, mirror.answerSeq);
  mirror.answerSeq = null;
  if (!event?.text) return;
  const from = event.sender || sender;
  const said = { id: event.id, sender: from, to: mirror.driver, text: event.text, isPrompt: false };
  await say(scene, mirror, { ...said, note: toolsNote(mirror) });
}

/** Where everything is told, the tools between two messages are one line that counts. */
async function tools(scene: Scene, mirror: Mirror, event: StoredEvent): Promise<void> {
  const name = typeof event.body.name === "string" ? event.body.name : "a tool";
  const last = event.text ? `${name}: ${event.text}` : name;
  const text = `:gear: ${plural(mirror.turnTools, "tool call")} · ${line(last, 200)}`;
  const payload = still({ text, blocks: [context(text)] });
  const { to, thread } = await scene.place(mirror);
  const key = mirror.toolsKey;
  if (key) {
    const update = { method: "update", target: key, merge: key } as const;
    return scene.write(mirror, { to, key: `${key} ${event.seq}`, ...update, payload });
  }
  mirror.toolsKey = `tools ${event.id}`;
  const post = { method: "post", ...(thread ? { thread } : {}) } as const;
  await scene.write(mirror, { to, key: mirror.toolsKey, ...post, payload });
}
