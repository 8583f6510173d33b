import { Participant, slugOf } from "../../wire/participant.ts";
import type { People } from "../agent.ts";
import { defined, type Json, string } from "../fields.ts";
import { type Advice, adviceIn } from "./advice.ts";

/**
 * Prompts that no person typed arrive as text in a tag: notices of background work, messages of a channel, messages
 * that another process wrote into the session's inbox. Here the tag is taken off and the speaker found.
 */
export interface Message {
  origin: "injected" | "system";
  text: string;
  sender: Participant;
  from: Json;
  /** The injection it is the delivery of. */
  injection?: string;
}

/** Advice that came by this way, in the words of its sender. */
export function advised(kind: string, { id, sender, text }: Advice, from: Json = {}): Message {
  return {
    origin: "injected",
    text,
    sender,
    from: defined({ ...from, kind, injection: id }),
    injection: id,
  };
}

/** Only by how the prompt begins: a hook is told no more than the text. */
export function envelopeOf(prompt: string, people: People): Message | undefined {
  if (prompt.startsWith("<task-notification>")) return notification(prompt, people);
  if (/^<channel[\s>]/.test(prompt)) return channel(prompt);
  if (/^<cross-session-message[\s>]/.test(prompt)) return peer(prompt, {});
  return undefined;
}

/** By the transcript's `origin.kind`, which says it exactly; undefined for a person's own prompt. */
export function messageOf(prompt: string, origin: Json, people: People): Message | undefined {
  const kind = string(origin.kind);
  if (!kind || kind === "human") return undefined;
  if (kind === "channel") return channel(prompt);
  if (kind === "peer") return peer(prompt, origin);
  if (kind === "task-notification") return notification(prompt, people);
  return { origin: "system", text: prompt, sender: people.agent, from: origin };
}

function notification(prompt: string, people: People): Message {
  // A hook that wakes the session speaks in the same tag; a task's own words come with its id.
  const [advice] = prompt.includes("<task-id>") ? [] : adviceIn(prompt);
  if (advice) return advised("hook", advice);
  const { inner } = tag(prompt, "task-notification");
  const result = tag(inner, "result");
  const text = [inside(inner, "summary"), result.isThere ? result.inner : undefined];
  return {
    origin: "system",
    text: text.filter(Boolean).join("\n") || inner,
    sender: people.agent,
    from: defined({
      kind: "task-notification",
      taskId: inside(inner, "task-id"),
      callId: inside(inner, "tool-use-id"),
      status: inside(inner, "status"),
      outputFile: inside(inner, "output-file"),
    }),
  };
}

/** `<channel source="polaris" sender="slack:krishna" message_id="m_41">`. */
function channel(prompt: string): Message {
  const { inner, attributes } = tag(prompt, "channel");
  const { source, sender, user, message_id, ...rest } = attributes;
  const isOurs = source === "polaris" || /^plugin:polaris:/.test(String(source));
  const [advice] = isOurs ? adviceIn(inner) : [];
  if (advice) return advised("channel", advice);
  return {
    origin: "injected",
    text: inner,
    sender: speaker(isOurs, string(sender) ?? string(user) ?? string(source)),
    from: defined({ kind: "channel", source, sender: sender ?? user, id: message_id, ...rest }),
  };
}

/** `<cross-session-message from="polaris:m_41" from-name="krishna via polaris">`, or without the tag. */
function peer(prompt: string, origin: Json): Message {
  const { inner, attributes } = tag(prompt, "cross-session-message");
  const from = string(origin.from) ?? string(attributes.from);
  const name = string(origin.name) ?? string(attributes["from-name"]);
  const isOurs = from?.startsWith("polaris:") ?? false;
  const person = name?.replace(/\s+via polaris$/, "");
  const text = string(origin.body) ?? inner;
  const [advice] = isOurs ? adviceIn(text) : [];
  if (advice) return advised("peer", advice, { name });
  return {
    origin: "injected",
    text,
    // A peer that is not ours is another session of the agent, whatever it calls itself.
    sender: isOurs ? speaker(true, person) : `agent:${slugOf(name ?? "peer", "peer")}`,
    from: defined({ kind: "peer", id: from, name }),
  };
}

/** A typed name counts only in our own messages: any other channel could call itself `user:manu`. */
function speaker(isOurs: boolean, name: string | undefined): Participant {
  if (isOurs && name && Participant.safeParse(name).success) return name;
  return `user:${slugOf(name ?? "unknown", "unknown")}`;
}

interface Tag {
  isThere: boolean;
  inner: string;
  attributes: Json;
}

/**
 * From the first such tag to its last end, trimmed, and its attributes; the whole text where there is none.
 * By search, not by pattern: a pattern takes quadratic time on a text full of tags that never end.
 */
function tag(text: string, name: string): Tag {
  const start = text.indexOf(`<${name}`);
  const head = start < 0 ? -1 : text.indexOf(">", start);
  const end = text.lastIndexOf(`</${name}>`);
  if (head < 0 || end < head) return { isThere: false, inner: text.trim(), attributes: {} };
  const attributes: Json = {};
  const opening = text.slice(start + name.length + 1, head).slice(0, 4096);
  for (const [, key, value] of opening.matchAll(/([\w-]{1,64})="([^"]*)"/g)) {
    if (key) attributes[key] = value;
  }
  return { isThere: true, inner: text.slice(head + 1, end).trim(), attributes };
}

/** The inside of a plain tag, or nothing: `<command-name>/compact</command-name>`. */
export function inside(text: string, name: string): string | undefined {
  const open = text.indexOf(`<${name}>`);
  if (open < 0) return undefined;
  const start = open + name.length + 2;
  const end = text.indexOf(`</${name}>`, start);
  return text.slice(start, end < 0 ? undefined : end);
}
