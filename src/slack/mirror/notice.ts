import type { Mirror } from "../../core/slack-mirrors.ts";
import * as mirrors from "../../core/slack-mirrors.ts";
import type { StoredEvent } from "../../wire/event.ts";
import { line } from "../format/safe.ts";
import { ACTIONS, button, plural, STATE, section } from "./card.ts";
import { HOUR, type Scene, still } from "./scene.ts";

/** A line in the channel itself: what a team wants to see without opening threads. */
export async function notice(
  scene: Scene,
  mirror: Mirror,
  { key, sign, text }: { key: string; sign: string; text: string },
): Promise<boolean> {
  if (!scene.spend(mirror, 1, HOUR.notices)) return false;
  if (scene.wishes.layout !== "feed") await scene.place(mirror); // a notice without its card could not be answered
  const { id } = await scene.channel();
  const payload = bar(scene, mirror, `${sign} ${text}`, true);
  await scene.write(mirror, { to: { channel: id }, key, method: "post", payload });
  return true;
}

const linkOf = (scene: Scene, mirror: Mirror): string =>
  `*<${scene.urlOf(mirror)}|${line(mirror.label ?? mirror.title ?? mirror.name, 100)}>*`;

function bar(scene: Scene, mirror: Mirror, text: string, isOpen: boolean) {
  const actions = {
    type: "actions",
    elements: [
      { ...button("Open"), action_id: "polaris_open", url: scene.urlOf(mirror) },
      { ...button("Send message"), action_id: ACTIONS.send, value: mirror.session },
    ],
  };
  return still({ text, blocks: [section(text), ...(isOpen ? [actions] : [])] });
}

/** The agent waits: the channel and those who follow are told once, until somebody has answered. */
export async function needs(scene: Scene, mirror: Mirror, event: StoredEvent): Promise<void> {
  if (mirror.needsKey) return;
  const what = event.kind === "question.asked" ? "asks" : "asks to be allowed";
  const detail = event.text ?? (typeof event.body.name === "string" ? event.body.name : "");
  const agent = line((await scene.personaOf(mirror.agent)).name, 80);
  const text = `${linkOf(scene, mirror)} needs a human: ${agent} ${what}${detail ? `: ${line(detail)}` : "."}`;
  const [sign] = STATE.needs_human;
  const key = `needs ${event.id}`;
  if (await notice(scene, mirror, { key, sign, text })) mirror.needsKey = key;
  for (const person of await mirrors.followers(scene.tx, mirror.session)) {
    const payload = bar(scene, mirror, `${sign} ${text}`, true);
    const dm = { to: { id: person }, key: `${key} for ${person}`, method: "post" } as const;
    await scene.write(mirror, { ...dm, payload });
  }
}

/** Somebody answered, or the session went on: the line says so and stops asking. */
export async function settle(scene: Scene, mirror: Mirror, event: StoredEvent): Promise<void> {
  const key = mirror.needsKey;
  if (!key) return;
  mirror.needsKey = null;
  const by = event.sender.startsWith("agent:") ? null : await scene.personaOf(event.sender);
  const who = by ? ` by ${line(by.name, 80)}` : "";
  const text = `:heavy_check_mark: ${linkOf(scene, mirror)} asked for a human: answered${who}.`;
  const { id } = await scene.channel();
  await scene.write(mirror, {
    to: { channel: id },
    key: `${key} settled`,
    method: "update",
    target: key,
    payload: bar(scene, mirror, text, false),
  });
}

export async function finished(scene: Scene, mirror: Mirror, event: StoredEvent): Promise<void> {
  if (mirror.prompts === 0) return;
  const minutes = Math.round((Date.parse(event.at) - mirror.createdAt.getTime()) / 60_000);
  const took =
    minutes < 1 ? "" : `, ${minutes < 90 ? `${minutes} min` : `${Math.round(minutes / 60)} h`}`;
  const counts = `${plural(mirror.prompts, "prompt")}, ${plural(mirror.tools, "tool call")}${took}`;
  const text = `${linkOf(scene, mirror)} has finished: ${counts}.`;
  await notice(scene, mirror, { key: `finished ${event.id}`, sign: STATE.finished[0], text });
}

export async function failed(scene: Scene, mirror: Mirror, event: StoredEvent): Promise<void> {
  if (mirror.failed) return;
  mirror.failed = true;
  const what = event.text ? `: ${line(event.text)}` : ".";
  const text = `${linkOf(scene, mirror)} stopped with an error${what}`;
  await notice(scene, mirror, { key: `failed ${event.id}`, sign: STATE.failed[0], text });
}

export async function handedOver(scene: Scene, mirror: Mirror, event: StoredEvent): Promise<void> {
  if (mirror.prompts === 0) return;
  const driver = typeof event.body.driver === "string" ? event.body.driver : null;
  const by = line((await scene.personaOf(event.sender)).name, 80);
  const text = driver
    ? `${line((await scene.personaOf(driver)).name, 80)} drives ${linkOf(scene, mirror)} now.`
    : `${by} handed over ${linkOf(scene, mirror)}: nobody drives it.`;
  const sign = ":arrows_counterclockwise:";
  await notice(scene, mirror, { key: `driver ${event.id}`, sign, text });
}
