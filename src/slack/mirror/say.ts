import type { Mirror } from "../../core/slack-mirrors.ts";
import * as mirrors from "../../core/slack-mirrors.ts";
import { shape } from "../format/long.ts";
import { cut, escaped, line } from "../format/safe.ts";
import { context, plural } from "./card.ts";
import type { Persona } from "./persona.ts";
import { HOUR, type Scene, still } from "./scene.ts";

/** Something somebody said in a session. */
export interface Said {
  /** What makes it one post: the event's id. */
  id: string;
  sender: string;
  /** To whom, for the log of all sessions. */
  to: string | null;
  text: string;
  isPrompt: boolean;
  /** What stands below it in small letters. */
  note?: string | undefined;
  /** Somewhere else than in the session's thread. */
  thread?: { to: { channel: string } | { id: string }; thread: string } | undefined;
}

/** Says it with the sender's name and picture; when the hour is full, in the session's digest. */
export async function say(scene: Scene, mirror: Mirror, said: Said): Promise<void> {
  const { wishes, personaOf } = scene;
  const { lead, rest, file } = shape(said.text, wishes.long);
  if (!lead) return;
  if (!scene.spend(mirror, 1 + rest.length + (file ? 1 : 0), HOUR.replies)) {
    return digest(scene, mirror, said);
  }
  const { to, thread } = said.thread ?? (await scene.place(mirror));
  const persona = await personaOf(said.sender);
  const notes = [await whither(scene, mirror, said), said.note].filter((it) => it !== undefined);
  const key = `event ${said.id}`;
  const post = (id: string, text: string, small: string[], under: string | undefined) =>
    scene.write(mirror, {
      to,
      key: id,
      method: "post",
      ...(under ? { thread: under } : {}),
      payload: message(persona, text, { isNamed: wishes.personas, notes: small }),
    });
  await post(key, lead, notes, thread);
  // In a log the rest goes below its beginning; in a thread there is no deeper level.
  const below = thread ?? (wishes.long === "inline" ? undefined : key);
  for (const [at, part] of rest.entries()) await post(`${key} ${at + 2}`, part, [], below);
  if (file === undefined) return;
  const title = `${cut(persona.name, 60)} in ${mirror.name}`;
  await scene.write(mirror, {
    to,
    key: `${key} file`,
    method: "upload",
    thread: below ?? key,
    payload: { filename: `${mirror.name}.md`, title, content: file, snippet_type: "markdown" },
  });
}

/** In the log of all sessions each message says who spoke to whom, and where. */
async function whither(scene: Scene, mirror: Mirror, said: Said): Promise<string | undefined> {
  if (scene.wishes.layout !== "feed" || said.thread) return undefined;
  const to = said.to ? `to ${line((await scene.personaOf(said.to)).name, 80)} ` : "";
  return `${to}in <${scene.urlOf(mirror)}|${line(mirror.name, 64)}>`;
}

/** A message as Slack takes it: the words as Markdown, and the same as plain text for notifications and refusals. */
export function message(
  persona: Persona,
  text: string,
  { isNamed, notes }: { isNamed: boolean; notes: string[] },
): Record<string, unknown> {
  const body = isNamed ? text : `**${persona.name.replace(/[*_~`[\]]/g, "")}:**\n${text}`;
  return still({
    text: fallback(isNamed ? text : `${persona.name}: ${text}`),
    blocks: [
      { type: "markdown", text: body },
      ...(notes.length > 0 ? [context(notes.join(" · "))] : []),
    ],
    ...(isNamed ? { username: persona.name, ...persona.icon } : {}),
  });
}

/** Slack cuts texts over 4,000 characters; an entity that is cut in two would show. */
const fallback = (text: string): string => {
  const safe = escaped(cut(text, 3000));
  return safe.length <= 3900 ? safe : `${safe.slice(0, 3900).replace(/&\w{0,4}$/, "")}…`;
};

/** A busy hour's prompts and answers beyond the budget: one reply a session, edited as they come. */
async function digest(scene: Scene, mirror: Mirror, said: Said): Promise<void> {
  const { tx, project, hour } = scene;
  const { org } = project;
  const last = cut(said.text, 280);
  const { session } = mirror;
  const sum = await mirrors.digest(tx, { org, session, hour, isPrompt: said.isPrompt, last });
  const key = `digest ${session} ${hour.toISOString()}`;
  const isThere = await mirrors.isWritten(tx, org, key);
  if (!isThere && !scene.spend(mirror, 1, HOUR.digests)) return;
  const { to, thread } = await scene.place(mirror);
  const counts = `${plural(sum.prompts, "prompt")} and ${plural(sum.answers, "answer")} more`;
  const who = line((await scene.personaOf(said.sender)).name, 80);
  const text = `A busy hour: ${counts}. The last, by ${who}: ${line(last)}`;
  const open = `<${scene.urlOf(mirror)}|${line(mirror.name, 64)} in Polaris>`;
  const payload = still({ text, blocks: [context(`${text} · ${open}`)] });
  await scene.write(
    mirror,
    isThere
      ? { to, key: `${key} ${said.id}`, method: "update", target: key, merge: key, payload }
      : { to, key, method: "post", ...(thread ? { thread } : {}), payload },
  );
}
