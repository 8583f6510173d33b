import type { Event } from "../../wire/event.ts";
import { type Json, record, string } from "../fields.ts";
import { envelopeOf, inside, type Message, messageOf } from "./envelope.ts";
import { adviceId } from "./ids.ts";
import type { Content } from "./media.ts";
import { driver, type Scene, tell } from "./scene.ts";

/**
 * A `user` line without tool results: what a person typed (a prompt, a `/command`, a `!command`), what others sent,
 * the mark of an interruption, the summary after a compaction, or a remark of the client to the model, which is noise.
 */
export function readPrompt(scene: Scene, content: Content): Event[] {
  const { line, people } = scene;
  const { text } = content;
  if (line.isCompactSummary === true) {
    return [tell(scene, "notice", { text, body: { kind: "compact_summary" } })];
  }
  const message = sent(scene, text);
  if (message) return [received(scene, message)];
  if (line.isMeta === true) return [];
  if (INTERRUPTED.test(text) && line.promptSource === undefined) return [interrupted(scene, text)];
  const local = readLocal(scene, text);
  if (local) return local;
  if (!text && content.images.length === 0) return [];
  // A subagent's first line is its task, written by the agent that started it.
  const isTask = line.isSidechain === true || scene.memory.subagent !== undefined;
  return [
    tell(scene, "user.message", {
      sender: isTask ? people.agent : driver(people),
      text,
      body: { origin: isTask ? "system" : "user", images: listed(content.images) },
    }),
  ];
}

export const listed = (images: Json[]): Json[] | undefined => (images.length ? images : undefined);

const INTERRUPTED = /^\[Request interrupted by user(?: for tool use)?\]$/;

/** The message of another, when the line says so; without any origin (older clients) by how it begins. */
function sent(scene: Scene, text: string): Message | undefined {
  const { line, people } = scene;
  const origin = record(line.origin);
  if (string(origin.kind)) return messageOf(text, origin, people);
  const isTyped = line.promptSource === "typed" || line.promptSource === "sdk";
  return isTyped ? undefined : envelopeOf(text, people);
}

export function received(scene: Scene, message: Message, queued?: true): Event {
  return tell(scene, "user.message", {
    ...(message.injection ? { id: adviceId(message.injection) } : {}),
    sender: message.sender,
    text: message.text,
    body: { origin: message.origin, from: message.from, queued },
  });
}

/** Esc fires no hook at all: this line is the only sign that the turn ended. */
function interrupted(scene: Scene, text: string): Event {
  return tell(scene, "turn.end", {
    sender: driver(scene.people),
    text: text.replace(/^\[|\]$/g, ""),
    body: {
      reason: "cancelled",
      duringTool: text.includes("for tool use") || undefined,
      messageId: string(scene.line.interruptedMessageId),
    },
  });
}

/** Only where the text begins so: a person may quote such a tag. */
const LOCAL =
  /^\s*<(?:command-(?:name|message|args)|bash-(?:input|stdout|stderr)|local-command-std(?:out|err))>/;

/** What the client did itself: `/commands` with their output, `!commands` with theirs. Also said by `system` lines. */
export function readLocal(scene: Scene, text: string): Event[] | undefined {
  if (!LOCAL.test(text)) return undefined;
  const command = inside(text, "command-name");
  if (command !== undefined) {
    const args = inside(text, "command-args")?.trim();
    const name = command.trim();
    return [
      tell(scene, "user.message", {
        sender: driver(scene.people),
        text: args ? `${name} ${args}` : name,
        body: { origin: "user", command: name, arguments: args || undefined },
      }),
    ];
  }
  const bash = inside(text, "bash-input");
  if (bash !== undefined) {
    const body = { origin: "user", bash: bash.trim() };
    return [tell(scene, "user.message", { sender: driver(scene.people), text: `!${bash}`, body })];
  }
  const stdout = inside(text, "bash-stdout");
  const stderr = inside(text, "bash-stderr");
  if (stdout !== undefined || stderr !== undefined) {
    return output(scene, "bash_output", [stdout, stderr]);
  }
  const said = [inside(text, "local-command-stdout"), inside(text, "local-command-stderr")];
  return said.some((part) => part !== undefined) ? output(scene, "local_command", said) : undefined;
}

/** Colours are for terminals; a silent command is no news. */
function output(scene: Scene, kind: string, parts: (string | undefined)[]): Event[] {
  const text = parts.filter(Boolean).join("\n").replace(ANSI, "").trim();
  return text ? [tell(scene, "notice", { text, body: { kind } })] : [];
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: ESC is what begins a colour
const ANSI = /\u001b\[[0-9;?]*[A-Za-z]/g;
