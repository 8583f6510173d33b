import type { Event } from "../../wire/event.ts";
import { isRecord, type Json, list, number, record, string } from "../fields.ts";
import { callId } from "./ids.ts";
import { outputOf } from "./media.ts";
import { type Call, recall } from "./memory.ts";
import { driver, type Scene, tell } from "./scene.ts";
import { ASK, answers, brief } from "./tools.ts";

/**
 * A tool's result in a `user` line: who decided about the call (an event of its own, when a person or a hook did or
 * when the call was refused; a plain permission by rule or mode stays with the result), and what came out.
 */
export function readResult(scene: Scene, block: Json, index: number, said?: string): Event[] {
  const { line, memory, people } = scene;
  const use = string(block.tool_use_id);
  const call: Call = use ? recall(memory, use) : { name: undefined, session: undefined };
  const session = call.session ?? scene.session;
  const id = use ? { id: callId(session, use, "result") } : { index };
  const structured = line.toolUseResult;
  const output = outputOf(block.content);
  const decision = decided(line, output, said);
  if (call.name === ASK || isAnswer(structured)) {
    const given = record(structured).answers;
    const cancelled = decision?.decision === "reject" || undefined;
    const text = answers(given) || (cancelled ? "" : textOf(output));
    const body = { callId: use, answers: given, cancelled, feedback: decision?.feedback };
    return [tell(scene, "question.answered", { ...id, sender: driver(people), text, body })];
  }
  const isRefused = decision?.decision === "reject";
  const isNews = decision && (isRefused || decision.by === "user" || decision.by === "hook");
  const result = tell(scene, "tool.result", {
    ...id,
    text: brief(textOf(output)),
    body: {
      callId: use,
      name: call.name,
      status: statusOf(block, decision),
      output,
      structured: added(structured, textOf(output)),
      durationMs:
        number(record(structured).durationMs) ?? number(record(structured).totalDurationMs),
      feedback: decision ? decision.feedback : said,
      allowed: decision && !isNews ? decision.by : undefined,
    },
  });
  if (!isNews) return [result];
  const told = tell(scene, "permission.decision", {
    index,
    sender: decision.by === "user" ? driver(people) : people.agent,
    text: decision.feedback,
    body: { callId: use, name: call.name, ...decision },
  });
  return [told, result];
}

interface Decision {
  decision: "accept" | "reject";
  by: "user" | "rule" | "hook" | "mode";
  /** The agent's own word for it. */
  source?: string | undefined;
  scope?: string | undefined;
  feedback?: string | undefined;
}

function decided(line: Json, output: unknown, said: string | undefined): Decision | undefined {
  const decision = record(line.permissionDecision);
  const source = string(decision.source);
  const denial = string(line.toolDenialKind);
  if (!source && !denial) return undefined;
  const isRejected = decision.decision === "reject" || denial !== undefined;
  const quoted = /the user said:\n([\s\S]*)$/.exec(isRejected ? textOf(output) : "")?.[1];
  return {
    decision: isRejected ? "reject" : "accept",
    by: deciderOf(source, string(decision.reasonType), denial),
    source: source ?? denial,
    scope: string(decision.grantScope),
    feedback: string(line.userFeedback) ?? string(quoted) ?? said,
  };
}

/** `config` is a rule or the mode, even where `-p` could not ask and calls the denial "user-rejected". */
function deciderOf(
  source: string | undefined,
  reason: string | undefined,
  denial: string | undefined,
): Decision["by"] {
  if (source?.startsWith("user")) return "user";
  if (source === "hook") return "hook";
  if (source) return reason === "mode" || reason === "classifier" ? "mode" : "rule";
  return denial === "user-rejected" ? "user" : "rule";
}

function statusOf(block: Json, decision: Decision | undefined): string {
  if (decision?.decision === "reject") return decision.by === "user" ? "rejected" : "denied";
  return block.is_error === true ? "failed" : "completed";
}

const isAnswer = (structured: unknown): boolean =>
  isRecord(structured) && isRecord(structured.answers) && Array.isArray(structured.questions);

export const textOf = (output: unknown): string =>
  typeof output === "string"
    ? output
    : list(output)
        .map((block) => string(record(block).text) ?? "")
        .filter(Boolean)
        .join("\n");

/** What stands in the call's input already, and whole files as they were before. */
const REPEATED = new Set([
  "content",
  "originalFile",
  "oldString",
  "newString",
  "prompt",
  "base64",
  "oldTodos",
  "filePath",
  "filenames",
  "noOutputExpected",
]);

/** The structured result without what the output or the input says already, and without empty fields. */
export function added(structured: unknown, output: string): Json | undefined {
  if (!isRecord(structured)) return undefined;
  const kept: Json = {};
  for (const [key, value] of Object.entries(structured)) {
    if (REPEATED.has(key) || value === false || value === null || value === "") continue;
    if (Array.isArray(value) && value.length === 0) continue;
    if (key === "stdout" && structured.isImage === true) continue;
    if (typeof value === "string" && isSaid(key, value, output)) continue;
    const inner = key === "file" ? added(value, output) : value;
    if (inner !== undefined) kept[key] = inner;
  }
  return Object.keys(kept).length ? kept : undefined;
}

/** A short word ("completed", "text") may stand in any output by chance and still tell something of its own. */
const isSaid = (key: string, value: string, output: string): boolean =>
  (/^(?:stdout|stderr|result|text)$/.test(key) || value.length > 64) &&
  output.includes(value.trim());
