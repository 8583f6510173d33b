import type { Event } from "../../wire/event.ts";
import type { Memory, People } from "../agent.ts";
import { extra, isRecord, type Json, list, parse, record, type Shape, string } from "../fields.ts";
import { readAssistant } from "./assistant.ts";
import { readAttachment } from "./attachment.ts";
import { ASSISTANT, ATTACHMENT, COST, SYSTEM, TITLE, USER } from "./known.ts";
import { contentOf } from "./media.ts";
import { note } from "./memory.ts";
import { readPrompt } from "./prompt.ts";
import { readResult } from "./result.ts";
import { other, type Scene, sceneOf } from "./scene.ts";
import { readCost, readTitle, readUntold } from "./state.ts";
import { readSystem } from "./system.ts";

/** The kinds of lines that tell something: who reads them, and which fields they are known to have. */
const LINES: Readonly<
  Record<string, [(scene: Scene) => Event[], Readonly<Record<string, Shape>>]>
> = {
  user: [readUser, USER],
  assistant: [readAssistant, ASSISTANT],
  system: [readSystem, SYSTEM],
  attachment: [readAttachment, ATTACHMENT],
  "custom-title": [(scene) => readTitle(scene, string(scene.line.customTitle)), TITLE],
  "agent-name": [(scene) => readTitle(scene, string(scene.line.agentName)), TITLE],
  "cost-state": [readCost, COST],
};

/** State of the user interface, and prompts in a queue that come again as themselves. */
const NOISE = new Set([
  "permission-mode",
  "mode",
  "last-prompt",
  "tools-used",
  "file-history-snapshot",
  "atis-latch",
  "queue-operation",
]);

/** Whole requests with the system prompts, up to 150 KB a session: not even parsed, and never kept. */
const REQUEST = /^\s*\{"type":"api-request/;

/** Reads one line of a transcript, in file order. What cannot be read becomes one `other` event with the line. */
export function readLine(raw: string, people: People, memory: Memory): Event[] {
  if (!raw.trim() || REQUEST.test(raw)) return [];
  const line = parse(raw);
  if (!line) return [other(sceneOf(raw, {}, people, memory), "unreadable")];
  const type = string(line.type, 64) ?? "";
  if (NOISE.has(type) || type.startsWith("api-request")) return [];
  note(memory, line);
  const scene = sceneOf(raw, line, people, memory);
  const [read, known] = (Object.hasOwn(LINES, type) && LINES[type]) || [];
  const events = read ? read(scene) : [other(scene, type)];
  return [...readUntold(scene), ...(known ? withExtra(events, line, known) : events)];
}

function readUser(scene: Scene): Event[] {
  const { content } = record(scene.line.message);
  if (typeof content !== "string" && !Array.isArray(content)) return [other(scene, "user")];
  const results = list(content).filter(isResult);
  const rest = contentOf(
    typeof content === "string" ? content : content.filter((block) => !isResult(block)),
  );
  const strange = rest.strange.length ? [other(scene, "user/block")] : [];
  if (results.length === 0) return [...readPrompt(scene, rest), ...strange];
  // What a person typed while accepting or rejecting stands beside the result.
  const said = string(rest.text.trim());
  return [...results.flatMap((block, index) => readResult(scene, block, index, said)), ...strange];
}

const isResult = (block: unknown): block is Json => isRecord(block) && block.type === "tool_result";

function withExtra(events: Event[], line: Json, known: Readonly<Record<string, Shape>>): Event[] {
  const unknown = extra(line, known);
  const [first, ...rest] = events;
  // An `other` event holds the whole line already.
  if (!unknown || !first || first.raw !== undefined) return events;
  return [{ ...first, body: { ...first.body, extra: unknown } }, ...rest];
}
