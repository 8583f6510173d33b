import type { Memory } from "../agent.ts";
import { type Json, list, record, string, time } from "../fields.ts";

/**
 * What the transcript reader keeps from line to line. The daemon stores it beside the byte offset after every read,
 * so it stays small: each list is bounded, and a call is forgotten with its result.
 */
const MESSAGES = 50;
const CALLS = 200;

/** Notes what every line may carry. */
export function note(memory: Memory, line: Json): void {
  const at = time(line.timestamp);
  if (at) memory.at = at;
  for (const [key, value, max] of [
    ["session", line.sessionId, 200],
    ["version", line.version, 64],
    ["cwd", line.cwd, 4096],
    ["branch", line.gitBranch, 512],
    ["turn", line.promptId, 128],
  ] as const) {
    const text = string(value, max);
    if (text) memory[key] = text;
  }
}

/** True the first time. Blocks of one message come close together, so the last few are enough. */
export function countOnce(memory: Memory, message: string): boolean {
  const counted = list(memory.counted);
  if (counted.includes(message)) return false;
  memory.counted = [...counted, message].slice(-MESSAGES);
  return true;
}

/** A running tool call: its name, and the session it was made in (a fork's copies belong to the old one). */
export interface Call {
  name: string | undefined;
  session: string | undefined;
}

export function remember(memory: Memory, id: string, call: Call): void {
  const calls = { ...record(memory.calls), [id]: [call.name ?? "", call.session ?? ""] };
  memory.calls = Object.fromEntries(Object.entries(calls).slice(-CALLS));
}

/** The call a result belongs to; forgotten from here on. */
export function recall(memory: Memory, id: string): Call {
  const { [id]: call, ...rest } = record(memory.calls);
  memory.calls = rest;
  const [name, session] = list(call);
  return { name: string(name), session: string(session) };
}

/** True when the title is another than the last one. The client repeats it at every start, in two kinds of lines. */
export function isNewTitle(memory: Memory, title: string): boolean {
  // Its mark and not its words: this is stored before anything takes secrets out of it.
  const mark = Bun.hash(title).toString(36);
  if (memory.title === mark) return false;
  memory.title = mark;
  memory.titles = titlesSeen(memory) + 1;
  return true;
}

export const titlesSeen = (memory: Memory): number =>
  typeof memory.titles === "number" ? memory.titles : 0;
