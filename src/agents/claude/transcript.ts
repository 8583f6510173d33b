import type { Event } from "../../wire/event.ts";
import type { Memory, People } from "../agent.ts";
import { extra, isRecord, type Json, list, parse, record, type Shape, string } from "../fields.ts";
import { readAssistant } from "./assistant.ts";
import { readAttachment } from "./attachment.ts";
import { ASSISTANT, ATTACHMENT, COST, PULL_REQUEST, RETOLD, SYSTEM, TITLE, USER } from "./known.ts";
import { contentOf } from "./media.ts";
import { note } from "./memory.ts";
import { readPlace } from "./place.ts";
import { readPrompt } from "./prompt.ts";
import { readResult } from "./result.ts";
import { other, type Scene, sceneOf } from "./scene.ts";
import { readCost, readOwnTitle, readPullRequest, readTitle, readUntold } from "./state.ts";
import { readSystem } from "./system.ts";

/** The kinds of lines that tell something: who reads them, and which fields they are known to have. */
const LINES: Readonly<
  Record<string, [(scene: Scene) => Event[], Readonly<Record<string, Shape>>]>
> = {
  user: [readUser, USER],
  assistant: [readAssistant, ASSISTANT],
  system: [readSystem, SYSTEM],
  attachment: [readAttachment, ATTACHMENT],
  "custom-title": [(scene) => readTitle(scene, scene.line.customTitle), TITLE],
  "agent-name": [(scene) => readTitle(scene, scene.line.agentName), TITLE],
  "ai-title": [readOwnTitle, TITLE],
  "pr-link": [readPullRequest, PULL_REQUEST],
  "cost-state": [readCost, COST],
};

/**
 * The client's own bookkeeping (the names are in its table of entry kinds): state of the user interface, prompts in a
 * queue that come again as themselves, backups of files, progress that a result follows.
 */
const NOISE = new Set([
  "agent-color",
  "agent-setting",
  "artifact-autoreact-ledger",
  "artifact-comment-monitor",
  "atis-latch",
  "attribution-snapshot",
  "bridge-session",
  "content-replacement",
  "continued-in",
  "data-flow-incomplete",
  "data-flow-records",
  "derived-from",
  "dev-mods",
  "file-history-delta",
  "file-history-snapshot",
  "fork-context-ref",
  "frame-link",
  "history-suppression",
  "hybrid-organization",
  "isolation-latch",
  "last-prompt",
  "memory-mode",
  "mode",
  "observer-ref",
  "permission-mode",
  "progress",
  "queue-operation",
  "relocated",
  "repl-mode",
  "resume-head-vouch",
  "session-owner",
  "summary",
  "tag",
  "tools-used",
  "worktree-state",
]);

/** Whole requests with the system prompts, up to 150 KB a session: not even parsed, and never kept. */
const REQUEST = /^\s*\{"type":"api-request/;

// biome-ignore lint/suspicious/noControlCharactersInRegex: a machine that crashed leaves them before the next line
const NULS = /^\u0000+/;

/** Reads one line of a transcript, in file order. What cannot be read becomes one `other` event with the line. */
export function readLine(raw: string, people: People, memory: Memory): Event[] {
  const text = raw.replace(NULS, "");
  if (!text.trim() || REQUEST.test(text)) return [];
  const line = parse(text);
  if (!line) return [other(sceneOf(raw, {}, people, memory), "unreadable")];
  const type = string(line.type, 64) ?? "";
  if (NOISE.has(type) || type.startsWith("api-request")) return [];
  note(memory, line);
  // Told again from the record: it is an event already.
  if (line[RETOLD] !== undefined) return [];
  const scene = sceneOf(raw, line, people, memory);
  const [read, known] = (Object.hasOwn(LINES, type) && LINES[type]) || [];
  const events = read ? read(scene) : [other(scene, type)];
  const told = [...readUntold(scene), ...(known ? withExtra(events, line, known) : events)];
  return readPlace(scene, told);
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
